"""What the export of a user's data contains about roles."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.roles.service import RoleService

EXAMPLE_EXPORT: Final[dict[str, Any]] = {"roles": ["support"]}


class RolesExport(msgspec.Struct, frozen=True, kw_only=True):
    """The roles of the user."""

    roles: Annotated[list[str], msgspec.Meta(description="The names of the roles of the user, sorted.")]


async def export_roles(roles: RoleService, user_id: int) -> RolesExport:
    """Return the roles of a user."""
    return RolesExport(roles=(await roles.names_of([user_id]))[user_id])
