"""Queries on sessions and refresh tokens.

A transaction that locks both a session and its tokens locks the session first.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import as_datetime
from auth_api.kit.networks import network_of
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.claims import FACTS
from auth_api.sessions.principal import LiveSession, StoredSession
from auth_api.sessions.tables import RefreshTokenRow, SessionRow

NO_SESSION_ID: Final = UUID(int=0)
"""An id that no session has."""

MAX_SESSION_ID: Final = UUID(int=2**128 - 1)
"""An id that sorts after every session."""

_IS_LIVE: Final = "ended_at IS NULL AND expires_at > clock_timestamp()"

_REVOKE_TOKENS_OF_SESSION: Final = (
    "UPDATE refresh_tokens SET is_revoked = true WHERE session_id = {} AND used_at IS NULL"
)


class OtherSessions(msgspec.Struct, frozen=True):
    """The sessions that a user has besides a new one, and what the tokens of the new one state about the user.

    Attributes:
        live_count: number of sessions that have neither ended nor expired.
        has_any: whether the user has any other session, in any state.
        has_same_network: whether one was opened from the network of the new one during the known period.
        facts: the row with the columns of `FACTS`.
    """

    live_count: int
    has_any: bool
    has_same_network: bool
    facts: Mapping[str, Any]


@circuit_breaker(service=SERVICE)
async def insert_session(  # noqa: PLR0913 - the columns of a row
    session_id: UUID,
    *,
    user_id: int,
    at: datetime,
    expires_at: datetime,
    absolute_expires_at: datetime,
    request_context: RequestContext,
    amr: str,
    auth_time: datetime,
    mfa_at: datetime | None,
    transport: str | None,
    identity_id: int | None,
    known_since: datetime,
) -> OtherSessions:
    """Add a session, and return facts about the user's other sessions. Those since `known_since` make a network known.

    The number of live sessions is exact if the transaction has already locked the user's row: other logins wait for
    that lock, and a statement sees everything that was committed before it began.
    """
    rows = await SessionRow.raw(
        "INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, absolute_expires_at, ip_address, "
        "network, user_agent, amr, auth_time, mfa_at, transport, identity_id) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}) "
        "RETURNING (SELECT count(*) FROM sessions AS others WHERE others.user_id = sessions.user_id "
        "AND others.id <> sessions.id AND others.ended_at IS NULL AND others.expires_at > clock_timestamp()) "
        "AS live_count, "
        "EXISTS (SELECT 1 FROM sessions AS others WHERE others.user_id = sessions.user_id "
        "AND others.id <> sessions.id) AS has_any, "
        "EXISTS (SELECT 1 FROM sessions AS others WHERE others.user_id = sessions.user_id "
        "AND others.id <> sessions.id AND others.network = sessions.network AND others.created_at > {}) "
        f"AS has_same_network, {FACTS}",
        session_id,
        user_id,
        at,
        at,
        expires_at,
        absolute_expires_at,
        request_context.client_ip,
        network_of(request_context.client_ip),
        request_context.user_agent,
        amr,
        auth_time,
        mfa_at,
        transport,
        identity_id,
        known_since,
    )
    row = rows[0]
    return OtherSessions(int(row["live_count"]), bool(row["has_any"]), bool(row["has_same_network"]), row)


@circuit_breaker(service=SERVICE)
async def end_oldest_sessions(user_id: int, *, kept_count: int, reason: AccessEvent) -> list[UUID]:
    """End the live sessions of a user except the newest `kept_count`. Return the ended ids, oldest first."""
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        f"WHERE user_id = {{}} AND {_IS_LIVE} AND id <= (SELECT id FROM sessions "
        f"WHERE user_id = {{}} AND {_IS_LIVE} ORDER BY id DESC LIMIT 1 OFFSET {{}}) RETURNING id",
        reason.value,
        user_id,
        user_id,
        kept_count,
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
async def end_session(session_id: UUID, user_id: int, *, reason: AccessEvent) -> bool:
    """End a session. Return True for exactly one of any number of callers."""
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        "WHERE id = {} AND user_id = {} AND ended_at IS NULL RETURNING id",
        reason.value,
        session_id,
        user_id,
    )
    if rows:
        await RefreshTokenRow.raw(_REVOKE_TOKENS_OF_SESSION, session_id)
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def end_sessions(user_id: int, *, reason: AccessEvent, kept_session_id: UUID | None = None) -> int:
    """End all sessions of a user, except the one to keep. Return how many of them were live.

    Expired sessions are ended, too: a concurrent refresh may have extended one without having committed yet, and only a
    row that fulfils the condition is locked and read again.
    """
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        "WHERE user_id = {} AND ended_at IS NULL AND id <> {} RETURNING expires_at > clock_timestamp() AS was_live",
        reason.value,
        user_id,
        kept_session_id or NO_SESSION_ID,
    )
    await RefreshTokenRow.raw(
        "UPDATE refresh_tokens SET is_revoked = true "
        "WHERE user_id = {} AND used_at IS NULL AND NOT is_revoked AND session_id <> {}",
        user_id,
        kept_session_id or NO_SESSION_ID,
    )
    return sum(bool(row["was_live"]) for row in rows)


@circuit_breaker(service=SERVICE)
async def end_some_sessions(limit: int, *, reason: AccessEvent) -> list[bool]:
    """End sessions of any users, at most `limit`. Return for each of them whether it was live.

    The list is empty once no session is left. Expired ones are ended for the same reason as in `end_sessions`.
    """
    rows = await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} WHERE ended_at IS NULL AND id IN "
        "(SELECT id FROM sessions WHERE ended_at IS NULL ORDER BY id LIMIT {}) "
        "RETURNING expires_at > clock_timestamp() AS was_live",
        reason.value,
        limit,
    )
    return [bool(row["was_live"]) for row in rows]


@circuit_breaker(service=SERVICE)
async def revoke_some_tokens(limit: int) -> int:
    """Revoke unused refresh tokens of ended sessions, at most `limit`. Return their number."""
    rows = await RefreshTokenRow.raw(
        "UPDATE refresh_tokens SET is_revoked = true WHERE id IN (SELECT refresh_tokens.id FROM refresh_tokens "
        "JOIN sessions ON sessions.id = refresh_tokens.session_id WHERE refresh_tokens.used_at IS NULL "
        "AND NOT refresh_tokens.is_revoked AND sessions.ended_at IS NOT NULL LIMIT {}) RETURNING id",
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def live_sessions(user_id: int, *, after: UUID | None, limit: int) -> list[LiveSession]:
    """Return the live sessions of a user that sort after the session `after`, newest first."""
    rows = await SessionRow.raw(
        "SELECT id, created_at, last_used_at, expires_at, ip_address, user_agent, amr, mfa_at, "
        "clock_timestamp() AS now FROM sessions "
        f"WHERE user_id = {{}} AND {_IS_LIVE} AND id < {{}} "
        "ORDER BY id DESC LIMIT {}",
        user_id,
        after or MAX_SESSION_ID,
        limit,
    )
    return [LiveSession(**{**row, "now": as_datetime(row["now"])}) for row in rows]


@circuit_breaker(service=SERVICE)
async def stored_sessions(user_id: int, *, limit: int) -> tuple[list[StoredSession], int]:
    """Return the newest sessions of a user in any state, newest first, and the number of all of them."""
    rows = await SessionRow.raw(
        "SELECT id, created_at, last_used_at, expires_at, absolute_expires_at, ended_at, ended_reason, ip_address, "
        "user_agent, amr, auth_time, mfa_at FROM sessions WHERE user_id = {} ORDER BY id DESC LIMIT {}",
        user_id,
        limit,
    )
    if len(rows) < limit:
        return [StoredSession(**row) for row in rows], len(rows)
    (count_row,) = await SessionRow.raw("SELECT count(*) AS number FROM sessions WHERE user_id = {}", user_id)
    return [StoredSession(**row) for row in rows], count_row["number"]


@circuit_breaker(service=SERVICE)
async def was_opened_from(user_id: int, network: str, *, since: datetime) -> bool:
    """Return whether a session of the user was opened from this network after `since`."""
    rows = await SessionRow.raw(
        "SELECT 1 AS found FROM sessions WHERE user_id = {} AND network = {} AND created_at > {} LIMIT 1",
        user_id,
        network,
        since,
    )
    return bool(rows)
