"""Wire formats of one-time tokens."""

from typing import Annotated

import msgspec

MAX_TOKEN_LENGTH = 512
"""Characters."""

EXAMPLE_ONE_TIME_TOKEN = "ot_0bW9u2kq1X7sZ4mVtYc8RrJ5hPnLdEaQfG3iKx6oTyA"  # noqa: S105 - an example

OneTimeTokenField = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_TOKEN_LENGTH,
        description="The token from the e-mail: the part after `#token=` in its link. It works once.",
        examples=[EXAMPLE_ONE_TIME_TOKEN],
        extra={"any_text": True},
    ),
]


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Use the token from an e-mail."""

    token: OneTimeTokenField


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """A message about the result, to show to the user."""

    message: str
