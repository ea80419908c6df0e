"""Forms of the account pages."""

from uuid import UUID

import msgspec

from auth_api.users.profile import DisplayName, Locale
from auth_api.users.schemas import (
    ChangedPasswordField,
    ConfirmingPasswordField,
    OwnEmailField,
    PasswordField,
    UsernameField,
)


class SessionForm(msgspec.Struct, frozen=True, kw_only=True):
    """The session to end."""

    id: UUID


class KeyChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The API key to revoke, by its number."""

    id: int


class ProfileForm(msgspec.Struct, frozen=True, kw_only=True):
    """The whole profile. An empty field removes the value."""

    username: UsernameField
    display_name: DisplayName | None = None
    locale: Locale | None = None


class PasswordForm(msgspec.Struct, frozen=True, kw_only=True):
    """A new password. Without a present one, the account has none."""

    current_password: PasswordField | None = None
    new_password: ChangedPasswordField


class EmailForm(msgspec.Struct, frozen=True, kw_only=True):
    """A new e-mail address."""

    new_email: OwnEmailField
    current_password: ConfirmingPasswordField | None = None


class DeletionForm(msgspec.Struct, frozen=True, kw_only=True):
    """The deletion of the account. `confirm` is the username, against a deletion by mistake."""

    confirm: str
    current_password: ConfirmingPasswordField | None = None
