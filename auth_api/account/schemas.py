"""What goes over the wire when people change or leave their own account."""

import msgspec

from auth_api.users.schemas import PasswordField, UsernameField


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the profile."""

    username: UsernameField


class DeletionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delete the account, confirmed by its password."""

    current_password: PasswordField
