"""Give users of a test roles."""

from collections.abc import Sequence

from auth_api.roles.permissions import is_administrative
from auth_api.roles.tables import PermissionRow, RoleRow, UserRoleRow
from auth_api.users.tables import UserRow


async def add_role(name: str, permissions: Sequence[str]) -> None:
    """Create a role, without a check of its permissions."""
    await RoleRow.raw(
        "INSERT INTO roles (name, description, permissions, is_built_in, is_administrative, lock_version, created_at, "
        "updated_at) VALUES ({}, '', {}, false, {}, 0, clock_timestamp(), clock_timestamp())",
        name,
        " ".join(sorted(permissions)),
        is_administrative(permissions),
    )


async def give_role(username: str, role: str) -> int:
    """Give a user a role, without a check of who does it. Return the id of the user."""
    rows = await UserRow.select(UserRow.id).where(UserRow.username == username)
    user_id: int = rows[0]["id"]
    await UserRoleRow.raw(
        "INSERT INTO user_roles (user_id, role_id, granted_at) SELECT {}, id, clock_timestamp() FROM roles "
        "WHERE name = {}",
        user_id,
        role,
    )
    return user_id


async def add_permission(name: str) -> None:
    """Declare a permission, without a check of its name."""
    await PermissionRow.raw(
        "INSERT INTO permissions (name, description, created_by, created_at) VALUES ({}, 'test', 'cli', "
        "clock_timestamp())",
        name,
    )
