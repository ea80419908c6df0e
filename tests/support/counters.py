"""Lets the counters of limits believe that time has passed: they live on the database's clock."""

from typing import Any

from auth_api.throttling.tables import ThrottleCounter


async def age_counters(seconds: float) -> None:
    """Make all counters older."""
    for row in await ThrottleCounter.objects():
        values: dict[Any, float] = {
            ThrottleCounter.window_ends_at: row.window_ends_at - seconds,
            ThrottleCounter.blocked_until: row.blocked_until - seconds,
            ThrottleCounter.expires_at: row.expires_at - seconds,
        }
        await ThrottleCounter.update(values).where(ThrottleCounter.key == row.key)
