"""Retention of counters."""

from typing import Final

from auth_api.kit.db.retention import RetentionRule
from auth_api.throttling.tables import ThrottleCounterRow

THROTTLE_COUNTERS: Final = RetentionRule(
    name="throttle_counters", table=ThrottleCounterRow, ended_at=ThrottleCounterRow.expires_at
)

RETENTION_RULES: Final = (THROTTLE_COUNTERS,)
