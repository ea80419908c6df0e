"""Queries on a single refresh token, such as those that exchange it for its successor.

A transaction that locks both a session and its tokens locks the session first.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW, as_datetime
from auth_api.roles.granted import ROLE_NAMES
from auth_api.sessions.claims import FACTS, Claims
from auth_api.sessions.tables import RefreshTokenRow, SessionRow


class ExtendedSession(msgspec.Struct, frozen=True):
    """A session that a refresh has extended. Times are those of the database."""

    claims: Claims
    now: datetime
    expires_at: datetime


class StoredToken(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a refresh token that could not be claimed, which decides on the response."""

    claims: Claims
    transport: str | None
    now: datetime
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime
    session_expires_at: datetime
    session_is_live: bool
    successor_hash: str | None
    successor_salt: str | None
    successor_expires_at: datetime | None
    successor_is_unused: bool

    def is_used_within(self, period: timedelta) -> bool:
        """Return whether the token was used at most `period` ago."""
        return self.used_at is not None and self.now - self.used_at <= period


@circuit_breaker(service=SERVICE)
async def extend_session(token_hash: str, *, transport: str | None, idle_seconds: float) -> ExtendedSession | None:
    """Extend the session of an unused refresh token, at most to its absolute end.

    Args:
        token_hash: the digest of the refresh token.
        transport: the required transport of the session.
        idle_seconds: the time from now to the new end of the session.

    Returns:
        The session, or None if the token or the session is not usable.
    """
    rows = await SessionRow.raw(
        "UPDATE sessions SET last_used_at = clock_timestamp(), "
        "expires_at = CASE WHEN absolute_expires_at < "
        f"{SECONDS_FROM_NOW} THEN absolute_expires_at "
        f"ELSE {SECONDS_FROM_NOW} END "
        "WHERE ended_at IS NULL AND expires_at > clock_timestamp() AND coalesce(transport, '') = {} "
        "AND id = (SELECT session_id FROM refresh_tokens WHERE token_hash = {} AND used_at IS NULL "
        "AND NOT is_revoked AND expires_at > clock_timestamp()) "
        "AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id AND users.is_active) "
        f"RETURNING id, user_id, amr, auth_time, mfa_at, last_used_at, expires_at, {FACTS}",
        idle_seconds,
        idle_seconds,
        transport or "",
        token_hash,
    )
    if not rows:
        return None
    row = rows[0]
    return ExtendedSession(_claims(row, row["id"], row["last_used_at"]), row["last_used_at"], row["expires_at"])


@circuit_breaker(service=SERVICE)
async def claim_token(token_hash: str, *, successor_hash: str, successor_salt: str) -> bool:
    """Mark the token as used. Return True for exactly one of any number of callers."""
    rows = await RefreshTokenRow.raw(
        "UPDATE refresh_tokens SET used_at = clock_timestamp(), successor_hash = {}, successor_salt = {} "
        "WHERE token_hash = {} AND used_at IS NULL AND NOT is_revoked RETURNING id",
        successor_hash,
        successor_salt,
        token_hash,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def rotate(
    token_hash: str, *, transport: str | None, successor_hash: str, successor_salt: str, idle_seconds: float
) -> ExtendedSession | None:
    """Extend the session, claim the token and add its successor in one statement, which only PostgreSQL supports.

    The session is locked before the token is claimed. Each row is checked by the statement that locks it, because only
    that one reads a row again after it waited for another transaction. The other changes depend on the rows that the
    claim returns, so only one of any number of callers makes them.

    Returns:
        The extended session, or None if the token or the session is not usable; then nothing has changed.
    """
    rows = await SessionRow.raw(
        "WITH live AS (SELECT sessions.id, amr, auth_time, mfa_at, absolute_expires_at FROM refresh_tokens "
        "JOIN sessions ON sessions.id = refresh_tokens.session_id JOIN users ON users.id = sessions.user_id "
        "WHERE refresh_tokens.token_hash = {} AND refresh_tokens.used_at IS NULL AND NOT refresh_tokens.is_revoked "
        "AND refresh_tokens.expires_at > clock_timestamp() AND sessions.ended_at IS NULL "
        "AND sessions.expires_at > clock_timestamp() AND users.is_active "
        "AND coalesce(sessions.transport, '') = {} FOR NO KEY UPDATE OF sessions), "
        "claimed AS (UPDATE refresh_tokens SET used_at = clock_timestamp(), successor_hash = {}, successor_salt = {} "
        "FROM live WHERE refresh_tokens.token_hash = {} AND refresh_tokens.used_at IS NULL "
        "AND NOT refresh_tokens.is_revoked RETURNING live.id, user_id, amr, auth_time, mfa_at, used_at AS now, "
        "least(absolute_expires_at, used_at + make_interval(secs => {})) AS ends_at), "
        "extended AS (UPDATE sessions SET last_used_at = claimed.now, expires_at = claimed.ends_at "
        "FROM claimed WHERE sessions.id = claimed.id), "
        "successor AS (INSERT INTO refresh_tokens "
        "(user_id, session_id, token_hash, expires_at, is_revoked, created_at) "
        "SELECT user_id, id, {}, ends_at, false, now FROM claimed) "
        f"SELECT id, user_id, amr, auth_time, mfa_at, now, ends_at, {FACTS} FROM claimed",
        token_hash,
        transport or "",
        successor_hash,
        successor_salt,
        token_hash,
        idle_seconds,
        successor_hash,
    )
    if not rows:
        return None
    row = rows[0]
    return ExtendedSession(_claims(row, row["id"], row["now"]), row["now"], row["ends_at"])


@circuit_breaker(service=SERVICE)
async def find_token(token_hash: str) -> StoredToken | None:
    """Return a token that could not be claimed. As a separate statement, this sees what another claim has committed."""
    rows = await RefreshTokenRow.raw(
        "SELECT t.user_id, t.session_id, t.is_revoked, t.created_at, t.used_at, t.expires_at, t.successor_hash, "
        "t.successor_salt, s.transport, s.amr, s.auth_time, s.mfa_at, s.expires_at AS session_expires_at, s.ended_at, "
        "users.is_active, "
        "n.id AS successor_id, n.used_at AS successor_used_at, n.expires_at AS successor_expires_at, "
        f"{ROLE_NAMES} AS role_names, users.metadata, clock_timestamp() AS now "
        "FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users ON users.id = t.user_id "
        "LEFT JOIN refresh_tokens n ON n.token_hash = t.successor_hash "
        "WHERE t.token_hash = {}",
        token_hash,
    )
    if not rows:
        return None
    row = rows[0]
    now = as_datetime(row["now"])
    return StoredToken(
        claims=_claims(row, row["session_id"], now),
        transport=row["transport"],
        now=now,
        created_at=row["created_at"],
        used_at=row["used_at"],
        expires_at=row["expires_at"],
        session_expires_at=row["session_expires_at"],
        session_is_live=row["ended_at"] is None and row["is_active"] and not row["is_revoked"],
        successor_hash=row["successor_hash"],
        successor_salt=row["successor_salt"],
        successor_expires_at=row["successor_expires_at"],
        successor_is_unused=row["successor_id"] is not None and row["successor_used_at"] is None,
    )


@circuit_breaker(service=SERVICE)
async def session_of_token(token_hash: str, *, transport: str | None) -> tuple[UUID, int] | None:
    """Return the ids of the session and the user that a refresh token in any state belongs to.

    None if the token is unknown, or if its session has another transport.
    """
    rows = await RefreshTokenRow.raw(
        "SELECT session_id, sessions.user_id FROM refresh_tokens JOIN sessions ON sessions.id = session_id "
        "WHERE token_hash = {} AND coalesce(transport, '') = {}",
        token_hash,
        transport or "",
    )
    return (rows[0]["session_id"], rows[0]["user_id"]) if rows else None


def _claims(row: Mapping[str, Any], session_id: UUID, now: datetime) -> Claims:
    return Claims.of_session(
        user_id=row["user_id"],
        session_id=session_id,
        amr=row["amr"],
        auth_time=row["auth_time"],
        mfa_at=row["mfa_at"],
        facts=row,
        now=now,
    )
