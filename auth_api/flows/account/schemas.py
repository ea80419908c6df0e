"""Request bodies of the user's own account."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from auth_api.kit.errors import FieldError
from auth_api.users.profile import ProfileInput
from auth_api.users.schemas import ChangedPasswordField, ConfirmingPasswordField, PasswordField, UsernameField


class ProfileChange(ProfileInput, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the username and the profile. Fields that are absent stay as they are; null removes a value."""

    username: UsernameField = UNSET  # type: ignore[assignment] # OpenAPI omits the limits of `… | UnsetType`

    @classmethod
    def cross_check(cls, document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield an error if the document has no field to change."""
        if document.keys().isdisjoint(cls.__struct_fields__):
            yield FieldError("username", "missing", "Send at least one field to change.")

    def values(self) -> dict[str, str | None]:
        """Return the new values by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the password, confirmed by the current one if the account has one."""

    current_password: PasswordField | None = None
    new_password: ChangedPasswordField


class DeletionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delete the account, confirmed by its password or a recent proof of identity."""

    current_password: ConfirmingPasswordField | None = None
