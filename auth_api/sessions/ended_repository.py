"""Queries on sessions that have ended."""

from datetime import datetime
from uuid import UUID

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.principal import EndedSession
from auth_api.sessions.repository import NO_SESSION_ID
from auth_api.sessions.tables import RefreshTokenRow, SessionRow


@circuit_breaker(service=SERVICE)
async def newest_ended(*, since: datetime, limit: int) -> list[EndedSession]:
    """Return the sessions that ended at or after a time, newest first. Expired sessions that nothing ended are not."""
    rows = await SessionRow.raw(
        "SELECT id, ended_at FROM sessions WHERE ended_at IS NOT NULL AND ended_at >= {} "
        "ORDER BY ended_at DESC LIMIT {}",
        since,
        limit,
    )
    return [EndedSession(**row) for row in rows]


@circuit_breaker(service=SERVICE)
async def end_of_identity(identity_id: int, user_id: int, *, reason: AccessEvent, kept_session_id: UUID | None) -> None:
    """End the sessions of a user that an identity has opened, except the one to keep."""
    await SessionRow.raw(
        "UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = {} "
        "WHERE identity_id = {} AND user_id = {} AND ended_at IS NULL AND id <> {}",
        reason.value,
        identity_id,
        user_id,
        kept_session_id or NO_SESSION_ID,
    )
    await RefreshTokenRow.raw(
        "UPDATE refresh_tokens SET is_revoked = true WHERE used_at IS NULL AND NOT is_revoked AND session_id IN "
        "(SELECT id FROM sessions WHERE identity_id = {} AND user_id = {} AND ended_at IS NOT NULL)",
        identity_id,
        user_id,
    )
