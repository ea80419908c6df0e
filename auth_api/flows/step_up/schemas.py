"""Request body of a further proof of identity."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from auth_api.credentials.passkeys.schemas import EXAMPLE_ASSERTION, CredentialField
from auth_api.credentials.schemas import CodeField, method_errors
from auth_api.kit.errors import FieldError
from auth_api.users.schemas import PasswordField

EXAMPLE_STEP_UP: Final[dict[str, Any]] = {"method": "password", "password": "Tr0ub4dor&3-horse"}
EXAMPLE_STEP_UP_BY_PASSKEY: Final[dict[str, Any]] = {"method": "passkey", "credential": EXAMPLE_ASSERTION}

_FIELDS: Final = {"passkey": "credential", "totp": "code", "recovery_code": "code", "password": "password"}
"""The field that each method needs. No other one may be sent with it."""


class StepUpRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prove the identity again by the `credential` of a passkey, a `code`, or the `password`.

    The code is one of an authenticator app (`totp`), or a recovery code.
    """

    method: Literal["passkey", "totp", "recovery_code", "password"]
    credential: CredentialField | None = None
    code: CodeField | None = None
    password: PasswordField | None = None

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Return the errors of `method` and the other fields taken together."""
        return method_errors(document, _FIELDS)
