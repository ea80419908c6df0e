"""A role as services pass it on."""

from datetime import datetime
from typing import Final

import msgspec

from auth_api.roles.rights import Rights

MAX_ROLES_PER_USER: Final = 20


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role.

    Attributes:
        permissions: its permissions, as they are stored: sorted, and separated by spaces.
        is_administrative: whether it has power over accounts of others, or shows their data.
    """

    id: int
    name: str
    description: str
    permissions: str
    is_built_in: bool
    is_administrative: bool
    created_at: datetime
    updated_at: datetime

    @property
    def rights(self) -> Rights:
        """What the role permits."""
        return Rights.of(self.permissions.split())


class DeclaredPermission(msgspec.Struct, frozen=True, kw_only=True):
    """A permission that a team declared for its own APIs.

    Attributes:
        created_by: who declared it, as the security history names actors.
    """

    name: str
    description: str
    created_by: str | None
    created_at: datetime


class ListedPermission(msgspec.Struct, frozen=True, kw_only=True):
    """A permission in the list of all.

    Attributes:
        declared: who declared it, and when; None for a permission of this server.
        roles: the names of the roles that list it, sorted.
    """

    name: str
    description: str
    declared: DeclaredPermission | None
    roles: list[str]
