"""Removes counters that nobody needs any more.

The present is a subquery: an index is searched for a value that is found once, not for one that each row asks anew.
"""

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.throttling.tables import ThrottleCounterRow


@circuit_breaker(service=SERVICE)
async def remove_expired(limit: int) -> int:
    """Remove expired counters, at most `limit`. Returns how many. One that counts again meanwhile stays."""
    rows = await ThrottleCounterRow.raw(
        "DELETE FROM throttle_counters WHERE expires_at < (SELECT date_part('epoch', clock_timestamp())) "
        "AND key IN (SELECT key FROM throttle_counters "
        "WHERE expires_at < (SELECT date_part('epoch', clock_timestamp())) LIMIT {}) RETURNING key",
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def count_expired(limit: int) -> int:
    """Return how many counters wait for that; `limit` stands for so many or more."""
    rows = await ThrottleCounterRow.raw(
        "SELECT count(*) AS waiting FROM (SELECT 1 FROM throttle_counters "
        "WHERE expires_at < (SELECT date_part('epoch', clock_timestamp())) LIMIT {}) AS counted",
        limit,
    )
    return int(rows[0]["waiting"])
