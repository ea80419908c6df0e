"""Requests and responses of e-mail verification."""

from typing import Annotated, Any

import msgspec

from auth_api.one_time_tokens.schemas import EXAMPLE_ONE_TIME_TOKEN, OneTimeTokenField
from auth_api.users.schemas import EmailField, PasswordField, UsernameField

EXAMPLE_VERIFICATION: dict[str, Any] = {"token": EXAMPLE_ONE_TIME_TOKEN, "password": "Tr0ub4dor&3-horse"}
EXAMPLE_VERIFIED: dict[str, Any] = {"message": "The e-mail address is verified.", "password_reset_token": None}


class VerifyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verify the e-mail address with the token from the e-mail."""

    token: OneTimeTokenField
    password: PasswordField | None = None
    username: UsernameField | None = None


class ResendRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send the verification e-mail again."""

    email: EmailField


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """The e-mail address is verified."""

    message: str
    password_reset_token: Annotated[
        str | None,
        msgspec.Meta(
            description=(
                "Not null if the password was removed, because the request proved no access to the account. Send it as "
                "`token` to `/api/auth/password/reset`, with a new password."
            )
        ),
    ]


def verified_view(reset_token: str | None) -> Verified:
    """Return the response, with a token to set a new password if the old one was removed."""
    next_step = "" if reset_token is None else " Now set a new password."
    return Verified(message=f"The e-mail address is verified.{next_step}", password_reset_token=reset_token)
