"""Request bodies of the user's own account."""

import msgspec

from auth_api.users.schemas import ChangedPasswordField, ConfirmingPasswordField, PasswordField, UsernameField


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the profile."""

    username: UsernameField


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the password, confirmed by the current one."""

    current_password: PasswordField
    new_password: ChangedPasswordField


class DeletionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delete the account, confirmed by its password."""

    current_password: ConfirmingPasswordField | None = None
