"""Time. No other module reads a clock, so a test moves time by passing another one in.

Rows are dated by the database (`clock_timestamp()` in SQL, on both engines): with several instances it is the one
clock they share. What lives in this process alone (tokens' `iat` and `exp`, error envelopes) is dated by a `Clock`.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present as an aware datetime in UTC."""

Monotonic = Callable[[], float]
"""Gives seconds that only ever grow: for durations, deadlines and the breaker."""


def utc_now() -> datetime:
    """The system's wall clock."""
    return datetime.now(UTC)


monotonic: Monotonic = time.monotonic


def rfc3339(moment: datetime) -> str:
    """Write an aware datetime as the API does: UTC, milliseconds, `Z` (RFC 3339 §5.6)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
