"""Clocks that a test moves."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest


class MovableClock:
    """The real time, shifted or stopped. Rows are dated by the database, which it does not move."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._stopped_at: datetime | None = None

    def __call__(self) -> datetime:
        return (self._stopped_at or datetime.now(UTC)) + self._shift

    def stop(self) -> None:
        """Let it stand still from now on; it can still be moved."""
        self._stopped_at = datetime.now(UTC)

    def move(self, **by: float) -> None:
        """Move it by the arguments of `timedelta`."""
        self._shift += timedelta(**by)

    def reset(self) -> None:
        """Return to the real time."""
        self._shift = timedelta()
        self._stopped_at = None


class StoppedLoopTime:
    """Stops the time of all event loops, so that no timer expires, until `go_on` is called in any thread.

    A timer that is due then expires within its own time limit: loops go on waiting in real time.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._now: float | None = time.monotonic()
        patch.setattr(asyncio.BaseEventLoop, "time", lambda _: self._now or time.monotonic())

    def go_on(self) -> None:
        """Let the time go on: it jumps to the present."""
        self._now = None


class MovableMonotonicClock:
    """A monotonic clock that stands still until a test moves it.

    Args:
        now: its first value in seconds.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
