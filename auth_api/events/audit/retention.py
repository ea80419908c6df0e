"""Removes what of the security history is older than it has to be kept.

The moment is a subquery: an index is searched for a value that is found once, not for one that each row asks anew.
"""

from datetime import timedelta

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE


@circuit_breaker(service=SERVICE)
async def remove_old(limit: int, *, kept: timedelta) -> int:
    """Remove events that are older, at most `limit`, oldest first. Returns how many."""
    rows = await AuditLogRow.raw(
        "DELETE FROM audit_logs WHERE id IN (SELECT id FROM audit_logs WHERE created_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "ORDER BY created_at LIMIT {}) RETURNING id",
        -kept.total_seconds(),
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def count_old(limit: int, *, kept: timedelta) -> int:
    """Return how many events wait for that; `limit` stands for so many or more."""
    rows = await AuditLogRow.raw(
        "SELECT count(*) AS waiting FROM (SELECT 1 FROM audit_logs WHERE created_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "LIMIT {}) AS counted",
        -kept.total_seconds(),
        limit,
    )
    return int(rows[0]["waiting"])
