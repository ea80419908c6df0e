"""What goes over the wire about mailed tokens."""

from typing import Annotated

import msgspec

MAX_TOKEN_LENGTH = 512

EXAMPLE_ONE_TIME_TOKEN = "ot_0bW9u2kq1X7sZ4mVtYc8RrJ5hPnLdEaQfG3iKx6oTyA"  # noqa: S105 - nobody's

OneTimeTokenField = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_TOKEN_LENGTH,
        description="The token of the mail: what stands behind `#token=` in its link. It works once.",
        examples=[EXAMPLE_ONE_TIME_TOKEN],
        extra={"any_text": True},
    ),
]


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Use a mailed token."""

    token: OneTimeTokenField


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or will be, for people."""

    message: str
