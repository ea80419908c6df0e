"""The form with the code of a device."""

from typing import Annotated

import msgspec


class UserCodeForm(msgspec.Struct, frozen=True, kw_only=True):
    """The code that a device shows."""

    user_code: Annotated[str, msgspec.Meta(max_length=30, extra={"any_text": True})]
