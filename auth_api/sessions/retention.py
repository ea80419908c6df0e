"""Removes sessions and refresh tokens that were over long enough.

`after` is how long a row stays after its end. The moment is a subquery: an index is searched for a value that is found
once, not for one that each row asks anew.
"""

from datetime import timedelta

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.sessions.tables import RefreshTokenRow, SessionRow


@circuit_breaker(service=SERVICE)
async def remove_tokens(limit: int, *, after: timedelta) -> int:
    """Remove refresh tokens past their own end, at most `limit`. Returns how many."""
    rows = await RefreshTokenRow.raw(
        "DELETE FROM refresh_tokens WHERE id IN (SELECT id FROM refresh_tokens WHERE expires_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "ORDER BY expires_at LIMIT {}) RETURNING id",
        -after.total_seconds(),
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def count_tokens(limit: int, *, after: timedelta) -> int:
    """Return how many refresh tokens wait for that; `limit` stands for so many or more."""
    rows = await RefreshTokenRow.raw(
        "SELECT count(*) AS waiting FROM (SELECT 1 FROM refresh_tokens WHERE expires_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "LIMIT {}) AS counted",
        -after.total_seconds(),
        limit,
    )
    return int(rows[0]["waiting"])


@circuit_breaker(service=SERVICE)
async def remove_sessions(limit: int, *, after: timedelta) -> int:
    """Remove sessions past their absolute end, at most `limit`. Returns how many.

    One that has tokens yet stays until they are removed: what a session takes along is not bounded by `limit`.
    """
    rows = await SessionRow.raw(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE absolute_expires_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE refresh_tokens.session_id = sessions.id) "
        "ORDER BY absolute_expires_at LIMIT {}) RETURNING id",
        -after.total_seconds(),
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def count_sessions(limit: int, *, after: timedelta) -> int:
    """Return how many sessions wait for that; `limit` stands for so many or more."""
    rows = await SessionRow.raw(
        "SELECT count(*) AS waiting FROM (SELECT 1 FROM sessions WHERE absolute_expires_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "LIMIT {}) AS counted",
        -after.total_seconds(),
        limit,
    )
    return int(rows[0]["waiting"])
