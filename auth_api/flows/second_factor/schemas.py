"""Request body of the second step of a login."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from auth_api.credentials.passkeys.schemas import EXAMPLE_ASSERTION, CredentialField
from auth_api.credentials.schemas import CodeField, method_errors
from auth_api.kit.errors import FieldError
from auth_api.sign_in.pending_login import EXAMPLE_MFA_TOKEN
from auth_api.sign_in.schemas import MfaTokenText

EXAMPLE_SECOND_FACTOR: dict[str, Any] = {"mfa_token": EXAMPLE_MFA_TOKEN, "method": "totp", "code": "492039"}

EXAMPLE_SECOND_FACTOR_BY_PASSKEY: dict[str, Any] = {
    "mfa_token": EXAMPLE_MFA_TOKEN,
    "method": "passkey",
    "credential": EXAMPLE_ASSERTION,
}

_FIELDS: Final = {"passkey": "credential", "totp": "code", "recovery_code": "code"}
"""The field that each method needs. No other one may be sent with it."""


class SecondFactorRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Continue a login by the `credential` of a passkey, or by a `code`.

    The code is one of an authenticator app (`totp`), or a recovery code.
    """

    mfa_token: MfaTokenText
    method: Literal["passkey", "totp", "recovery_code"]
    credential: CredentialField | None = None
    code: CodeField | None = None

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Return the errors of `method` and the other fields taken together."""
        return method_errors(document, _FIELDS)


class SecondFactorOptionsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Continue a login by a passkey."""

    mfa_token: MfaTokenText
