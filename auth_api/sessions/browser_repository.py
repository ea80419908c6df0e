"""Queries on the sessions of browsers, by the digest of the cookie's value."""

from typing import Final, NamedTuple
from uuid import UUID

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.kit.db.raw_sql import fetch_rows
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.principal import Principal
from auth_api.sessions.principal_repository import to_principal
from auth_api.sessions.tables import BrowserSessionRow, SessionRow
from auth_api.users.user import USER_COLUMNS

EXTENSION_INTERVAL_SECONDS: Final = 300
"""Time after its last extension at which a request extends a session, so that few requests write."""


class StoredBrowserSession(NamedTuple):
    """A live session of a browser, and whether a request is to extend it."""

    principal: Principal
    keep: bool
    is_extension_due: bool


class EndedBrowserSession(NamedTuple):
    """A session that was live until it was ended."""

    session_id: UUID
    user_id: int


@circuit_breaker(service=SERVICE)
async def insert(session_id: UUID, *, token_hash: str, keep: bool) -> None:
    """Make a new session that of a browser."""
    await BrowserSessionRow.raw(
        "INSERT INTO browser_sessions (session_id, token_hash, keep) VALUES ({}, {}, {})", session_id, token_hash, keep
    )


@circuit_breaker(service=SERVICE)
async def find(token_hash: str) -> StoredBrowserSession | None:
    """Return the session, or None if it has ended or expired, or if its user is disabled or deleted."""
    query = SessionRow.raw(
        f"SELECT {USER_COLUMNS}, auth_time, amr, mfa_at, session_id, keep, is_due FROM users JOIN "
        "(SELECT sessions.id AS session_id, user_id, auth_time, amr, mfa_at, keep, "
        f"last_used_at < {SECONDS_FROM_NOW} AS is_due "
        "FROM browser_sessions JOIN sessions ON sessions.id = browser_sessions.session_id "
        "WHERE token_hash = {} AND ended_at IS NULL AND expires_at > clock_timestamp()) AS live "
        "ON user_id = users.id WHERE is_active",
        -EXTENSION_INTERVAL_SECONDS,
        token_hash,
    )
    rows = await fetch_rows(query)
    if not rows:
        return None
    row = dict(rows[0])
    keep, is_due = bool(row.pop("keep")), bool(row.pop("is_due"))
    return StoredBrowserSession(to_principal(row), keep, is_due)


@circuit_breaker(service=SERVICE)
async def extend(session_id: UUID, *, idle_seconds: float) -> None:
    """Extend a live session, at most to its absolute end. Of any number of concurrent callers, one changes it.

    Args:
        session_id: the session.
        idle_seconds: the time from now to the new end of the session.
    """
    await SessionRow.raw(
        "UPDATE sessions SET last_used_at = clock_timestamp(), expires_at = CASE WHEN absolute_expires_at < "
        f"{SECONDS_FROM_NOW} THEN absolute_expires_at ELSE {SECONDS_FROM_NOW} END "
        "WHERE id = {} AND ended_at IS NULL AND expires_at > clock_timestamp() "
        f"AND last_used_at < {SECONDS_FROM_NOW}",
        idle_seconds,
        idle_seconds,
        session_id,
        -EXTENSION_INTERVAL_SECONDS,
    )


@circuit_breaker(service=SERVICE)
async def end(token_hash: str, *, reason: AccessEvent) -> EndedBrowserSession | None:
    """End a session. Return None if it was not live; of any number of concurrent callers, one gets it.

    An expired one is ended, too: see `end_sessions` in `repository.py`.
    """
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        "WHERE id = (SELECT session_id FROM browser_sessions WHERE token_hash = {}) AND ended_at IS NULL "
        "RETURNING id, user_id, expires_at > clock_timestamp() AS was_live",
        reason.value,
        token_hash,
    )
    return EndedBrowserSession(rows[0]["id"], rows[0]["user_id"]) if rows and rows[0]["was_live"] else None
