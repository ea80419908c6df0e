"""Queries on sessions that have ended."""

from datetime import datetime

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.sessions.principal import EndedSession
from auth_api.sessions.tables import SessionRow


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
