"""Clocks that a test moves."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """The real time, shifted. Rows are dated by the database, which it does not move."""

    def __init__(self) -> None:
        self._shift = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def move(self, **by: float) -> None:
        """Move it by the arguments of `timedelta`."""
        self._shift += timedelta(**by)

    def reset(self) -> None:
        """Return to the real time."""
        self._shift = timedelta()


class MovableMonotonicClock:
    """A monotonic clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
