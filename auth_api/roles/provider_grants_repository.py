"""Statements on roles that providers grant: their rows of `user_roles` name the identity that the user has there."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.roles.tables import RoleRow, UserRoleRow

_IS_USED: Final = (
    "EXISTS (SELECT 1 FROM user_identities WHERE user_identities.id = user_roles.identity_id "
    f"AND user_identities.last_used_at >= {SECONDS_FROM_NOW})"
)
"""Reads a table of a package above, whose deletions and times decide how long these rows are kept."""

_FROM_PROVIDERS: Final = (
    "FROM user_roles WHERE role_id = {} AND identity_id IS NOT NULL "
    "AND granted_by NOT IN (SELECT key FROM json_each({}))"
)
"""The grants of a role by providers, except those that are the names of a JSON object."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role that a user has.

    Attributes:
        identity_id: the identity whose provider grants it; None if a person did.
        granted_by: the provider or the person, as the security history names actors.
    """

    role_id: int
    name: str
    identity_id: int | None
    granted_by: str | None


class GrantingIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """An identity whose provider grants roles, which may have been removed.

    Attributes:
        granted_by: the provider, as the security history names actors.
    """

    user_id: int
    identity_id: int
    granted_by: str


@circuit_breaker(service=SERVICE)
async def grants_of(user_id: int) -> list[Grant]:
    """Return the roles of a user and who grants them."""
    rows = await UserRoleRow.raw(
        "SELECT role_id, name, identity_id, granted_by FROM user_roles JOIN roles ON roles.id = role_id "
        "WHERE user_id = {}",
        user_id,
    )
    return [Grant(**row) for row in rows]


@circuit_breaker(service=SERVICE)
async def grant(user_id: int, role_id: int, identity_id: int, *, granted_by: str, may_be_administrative: bool) -> bool:
    """Give a user a role. Return False if the user has it, or the role was deleted or became administrative.

    On PostgreSQL it waits for transactions that delete the role or call `take_from_providers`, and decides after them:
    the lock is that of a foreign key.
    """
    if _is_postgres():
        await RoleRow.raw("SELECT id FROM roles WHERE id = {} FOR KEY SHARE", role_id)
    rows = await UserRoleRow.raw(
        "INSERT INTO user_roles (user_id, role_id, identity_id, granted_by, granted_at) "
        "SELECT {}, id, {}, {}, clock_timestamp() FROM roles WHERE id = {} AND (NOT is_administrative OR {}) "
        "ON CONFLICT (user_id, role_id) DO NOTHING RETURNING id",
        user_id,
        identity_id,
        granted_by,
        role_id,
        may_be_administrative,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def revoke(user_id: int, role_id: int, identity_id: int) -> bool:
    """Take a role from a user. Return False if the provider of the identity does not grant it."""
    rows = await UserRoleRow.raw(
        "DELETE FROM user_roles WHERE user_id = {} AND role_id = {} AND identity_id = {} RETURNING id",
        user_id,
        role_id,
        identity_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def take_from_providers(role_id: int, *, kept: Iterable[str]) -> int:
    """Take a role from all users to whom a provider grants it, and mark their tokens as revoked.

    On PostgreSQL, it first waits for logins that are granting the role.

    Args:
        role_id: the role.
        kept: the providers that may go on granting it, as the security history names actors.

    Returns:
        The number of users.
    """
    if _is_postgres():
        await RoleRow.raw("SELECT id FROM roles WHERE id = {} FOR UPDATE", role_id)
    parameters = (role_id, msgspec.json.encode(dict.fromkeys(kept)).decode())
    await UserRoleRow.raw(
        f"INSERT INTO revoked_subjects (user_id, issued_before) SELECT user_id, clock_timestamp() {_FROM_PROVIDERS} "
        "ON CONFLICT (user_id) DO UPDATE SET issued_before = excluded.issued_before",
        *parameters,
    )
    return len(await UserRoleRow.raw(f"DELETE {_FROM_PROVIDERS} RETURNING id", *parameters))


@circuit_breaker(service=SERVICE)
async def unused(unused_for: timedelta, limit: int) -> list[GrantingIdentity]:
    """Return identities with roles that were removed, or not used for some time."""
    rows = await UserRoleRow.raw(
        "SELECT DISTINCT user_id, identity_id, granted_by FROM user_roles "
        f"WHERE identity_id IS NOT NULL AND NOT {_IS_USED} LIMIT {{}}",
        -unused_for.total_seconds(),
        limit,
    )
    return [GrantingIdentity(**row) for row in rows]


@circuit_breaker(service=SERVICE)
async def remove_unused(identity: GrantingIdentity, unused_for: timedelta) -> list[int]:
    """Take the roles of an identity from its user, unless it was used meanwhile. Return their ids."""
    rows = await UserRoleRow.raw(
        f"DELETE FROM user_roles WHERE user_id = {{}} AND identity_id = {{}} AND NOT {_IS_USED} RETURNING role_id",
        identity.user_id,
        identity.identity_id,
        -unused_for.total_seconds(),
    )
    return [row["role_id"] for row in rows]


def _is_postgres() -> bool:
    return RoleRow._meta.db.engine_type == "postgres"  # noqa: SLF001 - Piccolo has no public name for it
