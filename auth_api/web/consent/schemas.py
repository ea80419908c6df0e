"""The form of the pages about the request of an application."""

from typing import Annotated, Literal

import msgspec


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the person decides. `step` is that of the page: a page that is no longer the present one decides nothing."""

    request: Annotated[str, msgspec.Meta(max_length=100)]
    step: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    decision: Literal["allow", "deny", "switch"]
