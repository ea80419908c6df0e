"""Check the applications to which users sign in: what is unsafe in them, and whom they let in."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from auth_api.doctor.findings import Finding, warn
from auth_api.oauth.clients.client import ClientKind
from auth_api.oauth.clients.redirect_uris import without_loopback_port

_QUERY: Final = (
    "SELECT client_id, kind, redirect_uris, require_pkce, required_role IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM roles WHERE name = required_role) AS lacks_role FROM oauth_clients WHERE is_active ORDER BY id"
)

_COLUMN: Final = "oauth_clients.client_id"


class RegisteredApplication(msgspec.Struct, frozen=True):
    """The part of an active application that is checked.

    Attributes:
        lacks_role: whether the role that its users need does not exist.
    """

    client_id: str
    kind: str
    redirect_uris: str
    require_pkce: bool
    lacks_role: bool


async def fetch_applications(
    connection: Any, columns: Collection[str], lacking: Collection[tuple[str, str]]
) -> list[RegisteredApplication]:
    """Return the active applications on PostgreSQL, if their tables exist and may be read.

    Args:
        connection: to the database.
        columns: the columns that exist, as `table.column`.
        lacking: tables, each with a privilege that the role lacks.
    """
    if _COLUMN not in columns or {("oauth_clients", "SELECT"), ("roles", "SELECT")} & set(lacking):
        return []
    return _applications(map(tuple, await connection.fetch(_QUERY)))


def read_applications(connection: sqlite3.Connection, columns: Collection[str]) -> list[RegisteredApplication]:
    """Return the active applications on SQLite, if their table exists."""
    return _applications(connection.execute(_QUERY)) if _COLUMN in columns else []


def _applications(rows: Iterable[tuple[Any, ...]]) -> list[RegisteredApplication]:
    return [RegisteredApplication(*row) for row in rows]


def evaluate_applications(found: Sequence[RegisteredApplication], *, is_production: bool) -> Iterator[Finding]:
    """Warn of applications that are less protected than they could be, and of those that let no user in."""
    without_pkce = [each.client_id for each in found if not each.require_pkce]
    if without_pkce:
        fix = "Once the application sends a challenge: auth-api oauth clients set CLIENT_ID --require-pkce"
        yield warn("oauth.pkce", f"Applications that need no PKCE challenge: {', '.join(without_pkce)}.", fix)
    without_role = [each.client_id for each in found if each.lacks_role]
    if without_role:
        message = f"Applications that let no user in, as their required role does not exist: {', '.join(without_role)}."
        yield warn("oauth.roles", message, "Create the role, or remove it: auth-api oauth clients set CLIENT_ID")
    on_loopback = [each.client_id for each in found if each.kind == ClientKind.WEB and _has_loopback_uri(each)]
    if on_loopback and is_production:
        message = f"Web applications with redirect URIs on this machine, for development: {', '.join(on_loopback)}."
        yield warn("oauth.redirect_uris", message, "Remove them: auth-api oauth clients set CLIENT_ID --redirect-uri …")


def _has_loopback_uri(application: RegisteredApplication) -> bool:
    return any(without_loopback_port(uri) is not None for uri in application.redirect_uris.split())
