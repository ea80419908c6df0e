"""What goes over the wire when an address is verified."""

from typing import Annotated, Any

import msgspec

from auth_api.one_time_tokens.schemas import EXAMPLE_ONE_TIME_TOKEN, OneTimeTokenField
from auth_api.users.schemas import EmailField, PasswordField, UsernameField

EXAMPLE_VERIFICATION: dict[str, Any] = {"token": EXAMPLE_ONE_TIME_TOKEN, "password": "Tr0ub4dor&3-horse"}
EXAMPLE_VERIFIED: dict[str, Any] = {"message": "The address is verified.", "password_reset_token": None}


class VerifyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verify the address by the token of the mail."""

    token: OneTimeTokenField
    password: PasswordField | None = None
    username: UsernameField | None = None


class ResendRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for the mail again."""

    email: EmailField


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """The address is verified."""

    message: str
    password_reset_token: Annotated[
        str | None,
        msgspec.Meta(
            description=(
                "Not null where nobody proved to know the password: there is none now. Send this as `token` to "
                "`/api/auth/password/reset`, with a new password."
            )
        ),
    ]


def verified_view(reset_token: str | None) -> Verified:
    """Say what there is left to do."""
    left = "" if reset_token is None else " Now set a new password."
    return Verified(message=f"The address is verified.{left}", password_reset_token=reset_token)
