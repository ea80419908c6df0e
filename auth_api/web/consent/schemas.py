"""The form of the pages about the request of an application."""

from typing import Annotated, Literal

import msgspec


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the person decides. `step` is the number in the form; the form of an earlier step decides nothing."""

    request: Annotated[str, msgspec.Meta(max_length=100)]
    step: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    decision: Literal["allow", "deny", "switch"]
