"""A rate limit in the memory of one process: exact within one event loop, and as cheap as a dictionary."""

from math import ceil
from typing import Final

from auth_api.kit.clock import Monotonic, monotonic

MAX_KEYS: Final = 50_000

_ROUNDING: Final = 0.001
"""Share of an event that sums of floating-point numbers may be off."""


class Gcra:
    """The generic cell rate algorithm: one number per key, the time at which its whole burst is available again.

    A key is stored only while it has events to pay off, so memory is bounded by the rate of events that are allowed.

    Args:
        per_second: sustained rate, in events per second.
        burst: number of events that may come at once.
        clock: monotonic seconds.
        max_keys: number of keys from which on a new one removes those whose whole burst is available again.
    """

    def __init__(
        self, per_second: float, burst: int, clock: Monotonic = monotonic, *, max_keys: int = MAX_KEYS
    ) -> None:
        self._interval = 1 / per_second
        self._tolerance = burst * self._interval
        self._clock = clock
        self._max_keys = max_keys
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        """Return the number of keys in memory."""
        return len(self._full_at)

    def wait(self, key: str) -> float:
        """Count one event. Return 0 if it is allowed, otherwise the seconds until the next one is."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now) + self._interval
        excess = full_at - now - self._tolerance
        if excess > self._interval * _ROUNDING:
            return excess
        if len(self._full_at) >= self._max_keys and key not in self._full_at:
            self._full_at = {kept: moment for kept, moment in self._full_at.items() if moment > now}
        self._full_at[key] = full_at
        return 0.0

    def used(self, key: str) -> tuple[int, float]:
        """Return how many events of the burst are used, and in how many seconds none of them is."""
        seconds = max(0.0, self._full_at.get(key, 0.0) - self._clock())
        return ceil(seconds / self._interval - _ROUNDING), seconds
