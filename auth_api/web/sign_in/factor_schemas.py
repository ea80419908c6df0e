"""Forms of the pages that ask for a second factor, or again for a proof of identity."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from auth_api.credentials.passkeys.schemas import CredentialField
from auth_api.credentials.schemas import CodeField
from auth_api.flows.own_passkeys.schemas import PasskeyNameField
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.sign_in.schemas import MfaTokenText
from auth_api.users.schemas import PasswordField

_TYPED: Final = {"totp": "code", "recovery_code": "code", "password": "password"}
"""The field that a person fills in for each method. The script fills in `credential`."""


class ConfirmForm(msgspec.Struct, frozen=True, kw_only=True):
    """Prove the identity again by the `credential` of a passkey, a `code`, or the `password`.

    Without any of them, the page is shown again for this method: with new options for a passkey.
    """

    method: Literal["passkey", "totp", "recovery_code", "password"]
    credential: CredentialField | None = None
    code: CodeField | None = None
    password: PasswordField | None = None


class SecondFactorForm(msgspec.Struct, frozen=True, kw_only=True):
    """Continue a login by the `credential` of a passkey, or by a `code`.

    Without either of them, the page is shown again for this method: with new options for a passkey.
    """

    mfa_token: MfaTokenText
    method: Literal["passkey", "totp", "recovery_code"]
    credential: CredentialField | None = None
    code: CodeField | None = None
    keep: bool = False


class EnrolForm(msgspec.Struct, frozen=True, kw_only=True):
    """Begin to add the first factor of an account, which completes the login."""

    mfa_token: MfaTokenText


class EnrolAppForm(EnrolForm, frozen=True, kw_only=True):
    """Confirm an authenticator app by its present code."""

    code: CodeField
    keep: bool = False


class EnrolPasskeyForm(EnrolForm, frozen=True, kw_only=True):
    """Add the passkey that the browser has created. Without `credential`, the page is shown again with new options."""

    credential: CredentialField | None = None
    name: PasskeyNameField | None = None
    keep: bool = False


class PasskeyLoginForm(msgspec.Struct, frozen=True, kw_only=True):
    """Log in with a passkey. Without `credential`, the page is shown again."""

    credential: CredentialField | None = None
    keep: bool = False


def require_filled_in(method: str, values: Mapping[str, str]) -> None:
    """Refuse a form whose field is empty; without the field, the person has only chosen the method.

    Args:
        method: of the form.
        values: its fields.

    Raises:
        ValidationException: the field is empty.
    """
    field = _TYPED.get(method)
    if field is not None and values.get(field) == "":
        raise ValidationException([FieldError(field, "missing", "Must not be empty.")])
