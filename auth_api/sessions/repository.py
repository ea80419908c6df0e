"""Queries on sessions and refresh tokens.

Whatever locks both a session and its tokens locks the session first.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.networks import network_of
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.principal import KeptSession, LiveSession
from auth_api.sessions.tables import RefreshTokenRow, SessionRow

NOBODY = UUID(int=0)
EVERYBODY = UUID(int=2**128 - 1)
"""Sorts after every session."""

_IS_LIVE: Final = "ended_at IS NULL AND expires_at > clock_timestamp()"

_REVOKE_TOKENS_OF_SESSION: Final = (
    "UPDATE refresh_tokens SET is_revoked = true WHERE session_id = {} AND used_at IS NULL"
)


class EarlierSessions(msgspec.Struct, frozen=True):
    """What an account had before the session that begins now: live ones, any at all, one from its network lately."""

    live: int
    exist: bool
    from_this_network: bool


@circuit_breaker(service=SERVICE)
async def insert_session(  # noqa: PLR0913 - a row has columns
    session_id: UUID,
    *,
    user_id: int,
    at: datetime,
    expires_at: datetime,
    absolute_expires_at: datetime,
    request_context: RequestContext,
    amr: str,
    known_since: datetime,
) -> EarlierSessions:
    """Add a session that begins now with a proof of identity; a network is known by sessions opened since then.

    The count of live ones is exact where the transaction has locked the account's row before: other logins wait for
    that lock, and a statement sees all that was committed before it began.
    """
    rows = await SessionRow.raw(
        "INSERT INTO sessions (id, user_id, created_at, last_used_at, auth_time, expires_at, absolute_expires_at, "
        "ip_address, network, user_agent, amr) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}) "
        "RETURNING (SELECT count(*) FROM sessions AS others WHERE others.user_id = sessions.user_id "
        "AND others.id <> sessions.id AND others.ended_at IS NULL AND others.expires_at > clock_timestamp()) AS live, "
        "EXISTS (SELECT 1 FROM sessions AS others WHERE others.user_id = sessions.user_id "
        "AND others.id <> sessions.id) AS exist, "
        "EXISTS (SELECT 1 FROM sessions AS others WHERE others.user_id = sessions.user_id "
        "AND others.id <> sessions.id AND others.network = sessions.network AND others.created_at > {}) "
        "AS from_this_network",
        session_id,
        user_id,
        at,
        at,
        at,
        expires_at,
        absolute_expires_at,
        request_context.client_ip,
        network_of(request_context.client_ip),
        request_context.user_agent,
        amr,
        known_since,
    )
    return EarlierSessions(int(rows[0]["live"]), bool(rows[0]["exist"]), bool(rows[0]["from_this_network"]))


@circuit_breaker(service=SERVICE)
async def end_oldest_sessions(user_id: int, *, keep: int, reason: str) -> list[UUID]:
    """End the account's live sessions but for the newest `keep`. Returns those that this ended, oldest first."""
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        f"WHERE user_id = {{}} AND {_IS_LIVE} AND id <= (SELECT id FROM sessions "
        f"WHERE user_id = {{}} AND {_IS_LIVE} ORDER BY id DESC LIMIT 1 OFFSET {{}}) RETURNING id",
        reason,
        user_id,
        user_id,
        keep,
    )
    ended = sorted(row["id"] for row in rows)
    for session_id in ended:
        await RefreshTokenRow.raw(_REVOKE_TOKENS_OF_SESSION, session_id)
    return ended


@circuit_breaker(service=SERVICE)
async def insert_token(token_hash: str, *, user_id: int, session_id: UUID, at: datetime, expires_at: datetime) -> None:
    """Add an unused refresh token."""
    await RefreshTokenRow.raw(
        "INSERT INTO refresh_tokens (user_id, session_id, token_hash, expires_at, is_revoked, created_at) "
        "VALUES ({}, {}, {}, {}, false, {})",
        user_id,
        session_id,
        token_hash,
        expires_at,
        at,
    )


@circuit_breaker(service=SERVICE)
async def session_of_token(token_hash: str) -> tuple[UUID, int] | None:
    """Return the session, and its account, that a refresh token of any state belongs to."""
    rows = await RefreshTokenRow.raw("SELECT session_id, user_id FROM refresh_tokens WHERE token_hash = {}", token_hash)
    return (rows[0]["session_id"], rows[0]["user_id"]) if rows else None


@circuit_breaker(service=SERVICE)
async def end_session(session_id: UUID, user_id: int, *, reason: str) -> bool:
    """End a session. True for the one caller who did."""
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        "WHERE id = {} AND user_id = {} AND ended_at IS NULL RETURNING id",
        reason,
        session_id,
        user_id,
    )
    if rows:
        await RefreshTokenRow.raw(_REVOKE_TOKENS_OF_SESSION, session_id)
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def end_sessions(user_id: int, *, reason: str, keep: UUID | None = None) -> int:
    """End all live sessions of an account, but the one to keep. Returns how many."""
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        f"WHERE user_id = {{}} AND {_IS_LIVE} AND id <> {{}} RETURNING id",
        reason,
        user_id,
        keep or NOBODY,
    )
    await RefreshTokenRow.raw(
        "UPDATE refresh_tokens SET is_revoked = true "
        "WHERE user_id = {} AND used_at IS NULL AND NOT is_revoked AND session_id <> {}",
        user_id,
        keep or NOBODY,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def end_some_sessions(limit: int, *, reason: str) -> int:
    """End so many live sessions of whatever accounts. Returns how many this ended: none are left where it is 0."""
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} WHERE ended_at IS NULL AND id IN "
        f"(SELECT id FROM sessions WHERE {_IS_LIVE} ORDER BY id LIMIT {{}}) "
        "RETURNING id",
        reason,
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def revoke_some_tokens(limit: int) -> int:
    """Revoke so many unused refresh tokens of sessions that have ended. Returns how many."""
    rows = await RefreshTokenRow.raw(
        "UPDATE refresh_tokens SET is_revoked = true WHERE id IN (SELECT refresh_tokens.id FROM refresh_tokens "
        "JOIN sessions ON sessions.id = refresh_tokens.session_id WHERE refresh_tokens.used_at IS NULL "
        "AND NOT refresh_tokens.is_revoked AND sessions.ended_at IS NOT NULL LIMIT {}) RETURNING id",
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def live_sessions(user_id: int, *, after: UUID | None, limit: int) -> list[LiveSession]:
    """Return sessions of an account that are not over, newest first, from the one after `after`."""
    rows = await SessionRow.raw(
        "SELECT id, created_at, last_used_at, expires_at, ip_address, user_agent FROM sessions "
        f"WHERE user_id = {{}} AND {_IS_LIVE} AND id < {{}} "
        "ORDER BY id DESC LIMIT {}",
        user_id,
        after or EVERYBODY,
        limit,
    )
    return [LiveSession(**row) for row in rows]


@circuit_breaker(service=SERVICE)
async def kept_sessions(user_id: int, *, limit: int) -> tuple[list[KeptSession], int]:
    """Return sessions of an account, over or not, newest first; and how many there are."""
    rows = await SessionRow.raw(
        "SELECT id, created_at, last_used_at, expires_at, absolute_expires_at, ended_at, ended_reason, ip_address, "
        "user_agent FROM sessions WHERE user_id = {} ORDER BY id DESC LIMIT {}",
        user_id,
        limit,
    )
    if len(rows) < limit:
        return [KeptSession(**row) for row in rows], len(rows)
    (counted,) = await SessionRow.raw("SELECT count(*) AS kept FROM sessions WHERE user_id = {}", user_id)
    return [KeptSession(**row) for row in rows], counted["kept"]


@circuit_breaker(service=SERVICE)
async def was_opened_from(user_id: int, network: str, *, since: datetime) -> bool:
    """Tell whether a session of the account was opened from this network since then."""
    rows = await SessionRow.raw(
        "SELECT 1 AS found FROM sessions WHERE user_id = {} AND network = {} AND created_at > {} LIMIT 1",
        user_id,
        network,
        since,
    )
    return bool(rows)
