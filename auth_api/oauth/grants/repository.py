"""Queries on grants. What makes a grant live is decided here, by one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW, as_datetime
from auth_api.kit.db.raw_sql import fetch_rows
from auth_api.oauth.grants.grant import Grant, NewGrant, Person
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.roles.granted import ROLE_NAMES, role_names

_LIVE: Final = (
    "SELECT oauth_grants.id, oauth_grants.client_id AS client_row_id, oauth_clients.client_id, oauth_grants.user_id, "
    "oauth_grants.session_id, sessions.amr AS session_amr, sessions.mfa_at AS session_mfa_at, keep, is_offline, "
    "oauth_grants.scopes, resources, oauth_grants.auth_time, oauth_grants.created_at, oauth_grants.expires_at, "
    "refresh_hash, previous_hash, salt, spent_at, subject, username, display_name, locale, email, email_verified_at, "
    f"users.updated_at, {ROLE_NAMES} AS role_names, clock_timestamp() AS now FROM oauth_grants "
    "JOIN oauth_clients ON oauth_clients.id = oauth_grants.client_id JOIN users ON users.id = oauth_grants.user_id "
    "LEFT JOIN sessions ON sessions.id = oauth_grants.session_id "
    "LEFT JOIN browser_sessions ON browser_sessions.session_id = oauth_grants.session_id "
    "WHERE oauth_grants.ended_at IS NULL AND users.is_active AND oauth_clients.is_active "
    "AND (required_role IS NULL OR EXISTS (SELECT 1 FROM user_roles JOIN roles ON roles.id = user_roles.role_id "
    "WHERE user_roles.user_id = users.id AND roles.name = required_role)) "
    "AND CASE WHEN is_offline THEN oauth_grants.expires_at > clock_timestamp() "
    "ELSE sessions.ended_at IS NULL AND sessions.expires_at > clock_timestamp() END"
)

_END: Final = (
    "UPDATE oauth_grants SET ended_at = clock_timestamp(), expires_at = clock_timestamp(), ended_reason = {} "
    "WHERE ended_at IS NULL"
)


@circuit_breaker(service=SERVICE)
async def insert(new: NewGrant, *, lifetime_seconds: float, handle_hash: str | None, refresh_hash: str | None) -> None:
    """Add a grant with the time of the last proof of identity of its session. Without the session, nothing is added."""
    await OAuthGrantRow.raw(
        "INSERT INTO oauth_grants (id, client_id, user_id, session_id, is_offline, scopes, resources, auth_time, "
        "handle_hash, refresh_hash, created_at, last_used_at, expires_at) "
        "SELECT {}, {}, {}, sessions.id, {}, {}, {}, sessions.auth_time, {}, {}, clock_timestamp(), clock_timestamp(), "
        f"{SECONDS_FROM_NOW} FROM sessions WHERE id = {{}}",
        new.id,
        new.client_row_id,
        new.user_id,
        new.is_offline,
        " ".join(new.scopes),
        " ".join(new.resources),
        handle_hash,
        refresh_hash,
        lifetime_seconds,
        new.session_id,
    )


@circuit_breaker(service=SERVICE)
async def find(grant_id: UUID) -> Grant | None:
    """Return a live grant."""
    rows = await fetch_rows(OAuthGrantRow.raw(f"{_LIVE} AND oauth_grants.id = {{}}", grant_id))
    return _grant(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def find_by_handle(handle_hash: str) -> Grant | None:
    """Return the live grant that the refresh tokens with this handle belong to."""
    rows = await fetch_rows(OAuthGrantRow.raw(f"{_LIVE} AND handle_hash = {{}}", handle_hash))
    return _grant(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def use(grant_id: UUID, *, refresh_hash: str, expires_at: datetime) -> bool:
    """Record the use of a refresh token without replacing it. Return False if it is not the valid one."""
    rows = await OAuthGrantRow.raw(
        "UPDATE oauth_grants SET last_used_at = clock_timestamp(), expires_at = {} "
        "WHERE id = {} AND refresh_hash = {} AND ended_at IS NULL RETURNING id",
        expires_at,
        grant_id,
        refresh_hash,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def rotate(grant_id: UUID, *, refresh_hash: str, successor_hash: str, salt: str, expires_at: datetime) -> bool:
    """Replace the valid refresh token by its successor. Return True for exactly one of any number of callers."""
    rows = await OAuthGrantRow.raw(
        "UPDATE oauth_grants SET previous_hash = refresh_hash, refresh_hash = {}, salt = {}, "
        "spent_at = clock_timestamp(), last_used_at = clock_timestamp(), expires_at = {} "
        "WHERE id = {} AND refresh_hash = {} AND ended_at IS NULL RETURNING id",
        successor_hash,
        salt,
        expires_at,
        grant_id,
        refresh_hash,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def end(grant_id: UUID, *, reason: str) -> tuple[int, str, str] | None:
    """End a grant. Return the user, the application and its name to exactly one of any number of callers."""
    rows = await OAuthGrantRow.raw(
        f"{_END} AND id = {{}} RETURNING user_id, "
        "(SELECT client_id FROM oauth_clients WHERE oauth_clients.id = oauth_grants.client_id) AS client_id, "
        "(SELECT name FROM oauth_clients WHERE oauth_clients.id = oauth_grants.client_id) AS name",
        reason,
        grant_id,
    )
    return (rows[0]["user_id"], rows[0]["client_id"], rows[0]["name"]) if rows else None


@circuit_breaker(service=SERVICE)
async def end_of_user(user_id: int, *, only_online: bool, reason: str) -> int:
    """End the grants of a user, or only those that end with a session. Return their number."""
    rows = await OAuthGrantRow.raw(
        f"{_END} AND user_id = {{}} AND (NOT is_offline OR {{}}) RETURNING id", reason, user_id, not only_online
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def end_of_client(user_id: int, client_row_id: int, *, reason: str) -> int:
    """End the grants of an application for a user. Return their number."""
    rows = await OAuthGrantRow.raw(
        f"{_END} AND user_id = {{}} AND client_id = {{}} RETURNING id", reason, user_id, client_row_id
    )
    return len(rows)


def _grant(row: Mapping[str, Any]) -> Grant:
    columns = dict(row)
    person = Person(
        subject=str(columns.pop("subject")),
        roles=role_names(columns.pop("role_names")),
        **{name: columns.pop(name) for name in Person.__struct_fields__ if name in columns},
    )
    return Grant(
        person=person,
        session_amr=tuple((columns.pop("session_amr") or "").split()),
        keeps_session=bool(columns.pop("keep")),
        is_offline=bool(columns.pop("is_offline")),
        scopes=tuple(columns.pop("scopes").split()),
        resources=tuple(columns.pop("resources").split()),
        now=as_datetime(columns.pop("now")),
        **columns,
    )
