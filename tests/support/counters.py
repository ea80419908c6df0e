"""Age the counters of limits, because tests cannot move the database's clock."""

from typing import Any

from auth_api.throttling.tables import ThrottleCounterRow


async def age_counters(seconds: float) -> None:
    """Move the times of all counters into the past by this number of seconds."""
    for row in await ThrottleCounterRow.objects():
        values: dict[Any, float] = {
            ThrottleCounterRow.window_ends_at: row.window_ends_at - seconds,
            ThrottleCounterRow.blocked_until: row.blocked_until - seconds,
            ThrottleCounterRow.expires_at: row.expires_at - seconds,
        }
        await ThrottleCounterRow.update(values).where(ThrottleCounterRow.key == row.key)
