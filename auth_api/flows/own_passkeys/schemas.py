"""Request and response bodies of the user's own passkeys."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.credentials.passkeys.schemas import EXAMPLE_ATTESTATION, EXAMPLE_PASSKEY, CredentialField, PasskeyResponse
from auth_api.credentials.recovery_codes.schemas import EXAMPLE_CODES, RecoveryCodesField
from auth_api.sign_in.schemas import EXAMPLE_STEPPED_UP, MfaTokenText, SteppedUp

MAX_NAME_LENGTH: Final = 60

NAME_CHECK: Final = "passkey_name"

EXAMPLE_NEW_PASSKEY: Final[dict[str, Any]] = {"credential": EXAMPLE_ATTESTATION, "name": "Laptop"}
EXAMPLE_ADDED_PASSKEY: Final[dict[str, Any]] = {
    **EXAMPLE_STEPPED_UP,
    "acr": "phr",
    "amr": ["pwd", "hwk", "mfa"],
    "passkey": {**EXAMPLE_PASSKEY, "last_used_at": None},
    "recovery_codes": EXAMPLE_CODES,
}


PasskeyNameField = Annotated[
    str,
    msgspec.Meta(
        description=f"Name for the user's list: 1 to {MAX_NAME_LENGTH} visible characters, as they are shown. "
        "Without it, browser and operating system.",
        examples=["Laptop"],
        extra={"check": NAME_CHECK},
        extra_json_schema={"extra": {"min_length": 1, "max_length": MAX_NAME_LENGTH}},
    ),
]


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Add a passkey that the browser has created, with an access token, or with the `mfa_token` of a login."""

    mfa_token: MfaTokenText | None = None
    credential: CredentialField
    name: PasskeyNameField | None = None


class AddedPasskeyResponse(SteppedUp, frozen=True, kw_only=True):
    """The new passkey, and an access token of the same session, to which it is a proof of identity.

    `recovery_codes` is present only with the first factor of the account.
    """

    passkey: PasskeyResponse
    recovery_codes: RecoveryCodesField | msgspec.UnsetType = msgspec.UNSET
