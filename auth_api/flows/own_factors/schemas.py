"""Request and response bodies of the user's own second factors."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.credentials.passkeys.schemas import EXAMPLE_PASSKEY, PasskeyResponse
from auth_api.credentials.recovery_codes.schemas import EXAMPLE_CODES, RecoveryCodesField
from auth_api.sessions.schemas import EXAMPLE_ACCESS_TOKEN
from auth_api.sign_in.schemas import MfaTokenText, SteppedUp
from auth_api.users.schemas import Timestamp

EXAMPLE_TOTP: Final[dict[str, Any]] = {
    "created_at": "2026-02-19T10:30:45.123Z",
    "last_used_at": "2026-02-20T08:00:00.000Z",
    "usable": True,
}
EXAMPLE_FACTORS: Final[dict[str, Any]] = {
    "two_step": True,
    "two_step_since": "2026-02-19T10:30:45.123Z",
    "required": False,
    "totp": EXAMPLE_TOTP,
    "passkeys": [EXAMPLE_PASSKEY],
    "recovery_codes": {"left": 9, "created_at": "2026-02-19T10:30:45.123Z"},
    "enrolment": ["passkey", "totp"],
}
_EXAMPLE_SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - an example
EXAMPLE_ENROLMENT: Final[dict[str, Any]] = {
    "secret": _EXAMPLE_SECRET,
    "otpauth_uri": f"otpauth://totp/Example:ada@example.com?secret={_EXAMPLE_SECRET}&issuer=Example",
    "qr_code": "data:image/png;base64,iVBORw0KGgo…",
    "expires_in": 600,
}
EXAMPLE_CONFIRMED: Final[dict[str, Any]] = {
    "access_token": EXAMPLE_ACCESS_TOKEN,
    "token_type": "Bearer",
    "expires_in": 1800,
    "acr": "aal2",
    "amr": ["pwd", "otp", "mfa"],
    "auth_time": "2026-02-19T10:30:45.123Z",
    "totp": {**EXAMPLE_TOTP, "last_used_at": None},
    "sessions_ended": 1,
    "recovery_codes": EXAMPLE_CODES,
}
EXAMPLE_TWO_STEP: Final[dict[str, Any]] = {
    "two_step": True,
    "two_step_since": "2026-02-19T10:30:45.123Z",
    "sessions_ended": 1,
}

SessionsEndedField = Annotated[int, msgspec.Meta(ge=0, description="Number of other sessions that have ended.")]


class TotpConfirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Confirm an authenticator app by its present code, with an access token, or with the `mfa_token` of a login."""

    mfa_token: MfaTokenText | None = None
    code: Annotated[
        str,
        msgspec.Meta(
            max_length=64,
            description="The code as the user typed it; spaces and hyphens are ignored.",
            examples=["492039"],
            extra={"any_text": True},
        ),
    ]


class TwoStepChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Switch two-step login on or off."""

    enabled: bool


class Totp(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticator app."""

    created_at: Timestamp
    last_used_at: Timestamp | None
    usable: Annotated[bool, msgspec.Meta(description="False if the server has lost the key of its secret.")]


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """The recovery codes: how many are unused, and when they were created."""

    left: Annotated[int, msgspec.Meta(ge=0)]
    created_at: Timestamp


class Factors(msgspec.Struct, frozen=True, kw_only=True):
    """The second factors of the account."""

    two_step: Annotated[bool, msgspec.Meta(description="Whether a login by password needs a second factor.")]
    two_step_since: Timestamp | None
    required: Annotated[bool, msgspec.Meta(description="Whether the server requires a second factor of the user.")]
    totp: Totp | None
    passkeys: Annotated[list[PasskeyResponse], msgspec.Meta(description="Newest first.")]
    recovery_codes: RecoveryCodes | None
    enrolment: Annotated[list[str], msgspec.Meta(description="The kinds of factor that can be added here.")]


class TotpEnrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app needs. The response contains it once."""

    secret: Annotated[str, msgspec.Meta(description="For users who cannot scan the QR code (Base32).")]
    otpauth_uri: Annotated[str, msgspec.Meta(description="The content of the QR code.")]
    qr_code: Annotated[str, msgspec.Meta(description="A `data:` URI with a PNG image.")]
    expires_in: Annotated[int, msgspec.Meta(ge=0, description="Seconds within which a code must confirm the app.")]


class ConfirmedTotp(SteppedUp, frozen=True, kw_only=True):
    """The new app, and an access token of the same session, to which the code is a proof of identity.

    `recovery_codes` is present only with the first factor of the account.
    """

    totp: Totp
    sessions_ended: SessionsEndedField
    recovery_codes: RecoveryCodesField | msgspec.UnsetType = msgspec.UNSET


class TwoStep(msgspec.Struct, frozen=True, kw_only=True):
    """Whether two-step login is on."""

    two_step: bool
    two_step_since: Timestamp | None
    sessions_ended: SessionsEndedField


class NewCodes(msgspec.Struct, frozen=True, kw_only=True):
    """New recovery codes. The response contains them once; earlier ones no longer work."""

    recovery_codes: RecoveryCodesField
    created_at: Timestamp
