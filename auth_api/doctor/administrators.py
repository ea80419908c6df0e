"""Check whether the server has an administrator, and whether the built-in roles are those of this version."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from auth_api.doctor.findings import Finding, fail, note
from auth_api.roles.built_in import ADMINISTRATOR, BUILT_IN_ROLES

_QUERY: Final = (
    "SELECT name, permissions, (SELECT count(*) FROM user_roles JOIN users ON users.id = user_roles.user_id "
    "WHERE role_id = roles.id AND is_active) AS holders FROM roles WHERE is_built_in"
)

_COLUMN: Final = "user_roles.role_id"

BuiltInRoles = Mapping[str, tuple[str, int]]
"""By name: the stored permissions, and the number of active users who have the role."""


async def fetch_built_in_roles(
    connection: Any, columns: Collection[str], lacking: Collection[tuple[str, str]]
) -> BuiltInRoles:
    """Return the built-in roles on PostgreSQL, if their tables exist and may be read.

    Args:
        connection: to the database.
        columns: the columns that exist, as `table.column`.
        lacking: tables, each with a privilege that the role lacks.
    """
    if _COLUMN not in columns or {("roles", "SELECT"), ("user_roles", "SELECT")} & set(lacking):
        return {}
    return _by_name(map(tuple, await connection.fetch(_QUERY)))


def read_built_in_roles(connection: sqlite3.Connection, columns: Collection[str]) -> BuiltInRoles:
    """Return the built-in roles on SQLite, if their tables exist."""
    return _by_name(connection.execute(_QUERY)) if _COLUMN in columns else {}


def _by_name(rows: Iterable[tuple[Any, ...]]) -> BuiltInRoles:
    return {name: (permissions, holders) for name, permissions, holders in rows}


def evaluate_administrators(found: BuiltInRoles) -> Iterator[Finding]:
    """Fail for built-in roles that differ from the code, and tell that the server has no administrator."""
    if not found:
        return
    stored = {name: set(permissions.split()) for name, (permissions, _) in found.items()}
    expected = {name: set(role.permissions) for name, role in BUILT_IN_ROLES.items()}
    differing = sorted(name for name in stored | expected if stored.get(name) != expected.get(name))
    if differing:
        message = f"Built-in roles differ from those of this version: {', '.join(differing)}."
        fix = "Run auth-api migrate. If they still differ, the table roles was changed by hand: restore its rows."
        yield fail("database.roles", message, fix)
    if found.get(ADMINISTRATOR, ("", 0))[1] == 0:
        message = "No active user is an administrator: the admin API is open to API keys only."
        yield note("database.administrators", message, "To make one: auth-api roles grant NAME administrator")
