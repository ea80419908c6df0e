"""A rate limit in one process's memory: exact in one event loop, and as cheap as a dictionary."""

from typing import Final

from auth_api.kit.clock import Monotonic, monotonic

MAX_KEYS: Final = 50_000
"""Callers that are remembered; when there are more, those that owe nothing are forgotten."""


class Gcra:
    """The generic cell rate algorithm: one number per caller, the time at which its bucket would be empty again.

    Args:
        per_second: the rate that can go on for ever.
        burst: how many may come at once.
        clock: monotonic seconds.
    """

    def __init__(self, per_second: float, burst: int, clock: Monotonic = monotonic) -> None:
        self._interval = 1 / per_second
        self._tolerance = burst * self._interval
        self._clock = clock
        self._empty_at: dict[str, float] = {}

    def wait(self, key: str) -> float:
        """Count one event. Returns 0 where it is allowed, else in how many seconds the next one will be."""
        now = self._clock()
        empty_at = max(self._empty_at.get(key, now), now) + self._interval
        if empty_at - now > self._tolerance:
            return empty_at - now - self._tolerance
        if len(self._empty_at) >= MAX_KEYS and key not in self._empty_at:
            self._empty_at = {kept: moment for kept, moment in self._empty_at.items() if moment > now}
        self._empty_at[key] = empty_at
        return 0.0
