"""Statements on the roles and permissions that exist."""

from collections.abc import Iterable
from typing import Final

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.roles.permissions import is_administrative
from auth_api.roles.repository import ROLE_COLUMNS, to_role
from auth_api.roles.role import DeclaredPermission, Role
from auth_api.roles.tables import PermissionRow, RoleRow, UserRoleRow

_PERMISSION_COLUMNS: Final = "name, description, created_by, created_at"


@circuit_breaker(service=SERVICE)
async def lock_role(name: str) -> Role | None:
    """Return a role as of now, and lock it until the end of the transaction; None if there is none."""
    rows = await RoleRow.raw(
        f"UPDATE roles SET lock_version = lock_version + 1 WHERE name = {{}} RETURNING {ROLE_COLUMNS}", name
    )
    return to_role(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def insert_role(name: str, description: str, permissions: Iterable[str]) -> Role | None:
    """Add a role. Return None if there is one with this name."""
    names = sorted(permissions)
    rows = await RoleRow.raw(
        "INSERT INTO roles (name, description, permissions, is_built_in, is_administrative, lock_version, created_at, "
        "updated_at) SELECT {}, {}, {}, false, {}, 0, now, now FROM (SELECT clock_timestamp() AS now) AS clock "
        f"WHERE true ON CONFLICT (name) DO NOTHING RETURNING {ROLE_COLUMNS}",
        name,
        description,
        " ".join(names),
        is_administrative(names),
    )
    return to_role(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def update_role(role_id: int, description: str, permissions: Iterable[str]) -> Role:
    """Change a role that the transaction has locked."""
    names = sorted(permissions)
    rows = await RoleRow.raw(
        "UPDATE roles SET description = {}, permissions = {}, is_administrative = {}, updated_at = clock_timestamp() "
        f"WHERE id = {{}} RETURNING {ROLE_COLUMNS}",
        description,
        " ".join(names),
        is_administrative(names),
        role_id,
    )
    return to_role(rows[0])


@circuit_breaker(service=SERVICE)
async def delete_role(role_id: int) -> None:
    """Delete a role; a violated constraint means that a user has just got it."""
    await RoleRow.raw("DELETE FROM roles WHERE id = {}", role_id)


@circuit_breaker(service=SERVICE)
async def count_roles() -> int:
    """Return the number of roles, with the built-in ones."""
    return int((await RoleRow.raw("SELECT count(*) AS number FROM roles"))[0]["number"])


@circuit_breaker(service=SERVICE)
async def is_granted(role_id: int) -> bool:
    """Return whether a user has the role."""
    return bool(await UserRoleRow.raw("SELECT 1 AS one FROM user_roles WHERE role_id = {} LIMIT 1", role_id))


@circuit_breaker(service=SERVICE)
async def declared_permissions() -> list[DeclaredPermission]:
    """Return the permissions that are not built in, by name."""
    rows = await PermissionRow.raw(f"SELECT {_PERMISSION_COLUMNS} FROM permissions")
    return sorted((DeclaredPermission(**row) for row in rows), key=lambda permission: permission.name)


@circuit_breaker(service=SERVICE)
async def insert_permission(name: str, description: str, created_by: str | None) -> DeclaredPermission | None:
    """Add a permission. Return None if there is one with this name."""
    rows = await PermissionRow.raw(
        "INSERT INTO permissions (name, description, created_by, created_at) VALUES ({}, {}, {}, clock_timestamp()) "
        f"ON CONFLICT (name) DO NOTHING RETURNING {_PERMISSION_COLUMNS}",
        name,
        description,
        created_by,
    )
    return DeclaredPermission(**rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def describe_permission(name: str, description: str) -> None:
    """Change the description of a permission."""
    await PermissionRow.raw("UPDATE permissions SET description = {} WHERE name = {}", description, name)


@circuit_breaker(service=SERVICE)
async def delete_permission(name: str) -> None:
    """Delete a permission."""
    await PermissionRow.raw("DELETE FROM permissions WHERE name = {}", name)
