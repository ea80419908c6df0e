"""Queries on roles and on the accounts that have them."""

from collections.abc import Sequence
from typing import Any, Final

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import IN_IDS, id_set
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.roles.granted import GRANTED, Granted
from auth_api.roles.role import Role
from auth_api.roles.tables import PermissionRow, RoleRow, UserRoleRow

ROLE_COLUMNS: Final = "id, name, description, permissions, is_built_in, is_administrative, created_at, updated_at"

_ACTIVE_ADMINISTRATORS: Final = (
    "SELECT users.id FROM user_roles JOIN roles ON roles.id = user_roles.role_id "
    f"JOIN users ON users.id = user_roles.user_id WHERE roles.name = '{ADMINISTRATOR}' AND users.is_active"
)


def to_role(row: dict[str, Any]) -> Role:
    """Return the role of a row."""
    flags = {name: bool(row[name]) for name in ("is_built_in", "is_administrative")}
    return Role(**{**row, **flags})


@circuit_breaker(service=SERVICE)
async def find(name: str) -> Role | None:
    """Return a role, or None if there is none with this name."""
    rows = await RoleRow.raw(f"SELECT {ROLE_COLUMNS} FROM roles WHERE name = {{}}", name)
    return to_role(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def all_roles() -> list[Role]:
    """Return all roles by name."""
    rows = await RoleRow.raw(f"SELECT {ROLE_COLUMNS} FROM roles")
    return sorted((to_role(row) for row in rows), key=lambda role: role.name)


@circuit_breaker(service=SERVICE)
async def granted(user_id: int) -> Granted:
    """Return the roles of a user."""
    rows = await UserRoleRow.raw(f"SELECT {GRANTED} AS granted FROM users WHERE id = {{}}", user_id)
    return Granted.parse(rows[0]["granted"] if rows else None)


@circuit_breaker(service=SERVICE)
async def names_of(user_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Return pairs of a user and the name of one of the user's roles."""
    rows = await UserRoleRow.raw(
        f"SELECT user_id, name FROM user_roles JOIN roles ON roles.id = role_id WHERE user_id {IN_IDS}",
        id_set(user_ids),
    )
    return [(row["user_id"], row["name"]) for row in rows]


@circuit_breaker(service=SERVICE)
async def holders(role_id: int, *, before: int, limit: int) -> list[int]:
    """Return the ids below `before` of users that have a role, largest first."""
    rows = await UserRoleRow.raw(
        "SELECT user_id FROM user_roles WHERE role_id = {} AND user_id < {} ORDER BY user_id DESC LIMIT {}",
        role_id,
        before,
        limit,
    )
    return [row["user_id"] for row in rows]


@circuit_breaker(service=SERVICE)
async def declared() -> list[str]:
    """Return the permissions that a team has declared for its own APIs."""
    return [row["name"] for row in await PermissionRow.raw("SELECT name FROM permissions")]


@circuit_breaker(service=SERVICE)
async def grant(user_id: int, role_id: int, *, granted_by: str | None) -> bool:
    """Give a user a role. Return False if the user has it, unless only a provider granted it: it is kept then."""
    rows = await UserRoleRow.raw(
        "INSERT INTO user_roles (user_id, role_id, granted_by, granted_at) VALUES ({}, {}, {}, clock_timestamp()) "
        "ON CONFLICT (user_id, role_id) DO UPDATE SET identity_id = NULL, granted_by = excluded.granted_by, "
        "granted_at = excluded.granted_at WHERE user_roles.identity_id IS NOT NULL RETURNING id",
        user_id,
        role_id,
        granted_by,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def revoke(user_id: int, role_id: int) -> bool:
    """Take a role from a user. Return False if the user does not have it."""
    rows = await UserRoleRow.raw(
        "DELETE FROM user_roles WHERE user_id = {} AND role_id = {} RETURNING id", user_id, role_id
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def lock_administrators() -> None:
    """Lock the role `administrator` until the end of the transaction."""
    await RoleRow.raw(f"UPDATE roles SET lock_version = lock_version + 1 WHERE name = '{ADMINISTRATOR}'")


@circuit_breaker(service=SERVICE)
async def is_active_administrator(user_id: int) -> bool:
    """Return whether a user has the role `administrator` and is not disabled."""
    return bool(await UserRoleRow.raw(f"{_ACTIVE_ADMINISTRATORS} AND users.id = {{}}", user_id))


@circuit_breaker(service=SERVICE)
async def has_active_administrator() -> bool:
    """Return whether some account has the role `administrator` and is not disabled."""
    return bool(await UserRoleRow.raw(f"{_ACTIVE_ADMINISTRATORS} LIMIT 1"))


@circuit_breaker(service=SERVICE)
async def count_administrators() -> int:
    """Return the number of active administrators."""
    rows = await UserRoleRow.raw(f"SELECT count(*) AS number FROM ({_ACTIVE_ADMINISTRATORS}) AS administrators")
    return int(rows[0]["number"])
