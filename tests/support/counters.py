"""Lets the counters of limits believe that time has passed: they live on the database's clock."""

from typing import Any

from auth_api.throttling.tables import ThrottleCounterRow


async def age_counters(seconds: float) -> None:
    """Make all counters older."""
    for row in await ThrottleCounterRow.objects():
        values: dict[Any, float] = {
            ThrottleCounterRow.window_ends_at: row.window_ends_at - seconds,
            ThrottleCounterRow.blocked_until: row.blocked_until - seconds,
            ThrottleCounterRow.expires_at: row.expires_at - seconds,
        }
        await ThrottleCounterRow.update(values).where(ThrottleCounterRow.key == row.key)
