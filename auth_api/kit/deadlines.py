"""Time limits: one timer for many, and a way to cut a task short that leaves its COMMIT whole."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from auth_api.kit.clock import monotonic

K = TypeVar("K")

ASK_AGAIN: Final = 0.1
"""Seconds until a task is cut short that could not be a moment ago."""

_indivisible: set[asyncio.Task[Any]] = set()
_interrupted: set[asyncio.Task[Any]] = set()
_postponed: dict[asyncio.Task[Any], asyncio.TimerHandle] = {}


class Deadlines(Generic[K]):
    """The same time limit for many. Who began first is late first, so one timer of the event loop does for all.

    Args:
        seconds: how long each may take.
        expire: called with whoever took longer.
    """

    def __init__(self, seconds: float, expire: Callable[[K], None]) -> None:
        self._seconds = seconds
        self._expire = expire
        self._ends: dict[K, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._ends)

    def start(self, key: K) -> None:
        """Begin to count, unless that has begun already."""
        self._ends.setdefault(key, monotonic() + self._seconds)
        if self._timer is None:  # as hardly ever, when there is much to do
            self._arm(self._seconds)

    def stop(self, key: K) -> None:
        """It is done, if it had begun."""
        self._ends.pop(key, None)

    def oldest(self, *, after: float) -> K | None:
        """Return who has waited longest, if that is more than so many seconds."""
        for key, end in self._ends.items():
            return key if end - self._seconds + after < monotonic() else None
        return None

    def _arm(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = monotonic()
        while self._ends:
            key, end = next(iter(self._ends.items()))
            if end > now:
                self._arm(end - now)
                return
            del self._ends[key]
            self._expire(key)


@contextmanager
def uninterruptible() -> Iterator[None]:
    """Keep `interrupt` off this task: for a COMMIT, which has a time limit of its own and an outcome worth knowing."""
    task = asyncio.current_task()
    if task is None:
        yield
        return
    _indivisible.add(task)
    try:
        yield
    finally:
        _indivisible.discard(task)


def interrupt(task: asyncio.Task[Any]) -> None:
    """Cancel a task; one that is in the middle of something indivisible, as soon as that is over, if it goes on."""
    if task in _indivisible:
        _postponed[task] = asyncio.get_running_loop().call_later(ASK_AGAIN, interrupt, task)
        return
    _postponed.pop(task, None)
    _interrupted.add(task)
    task.cancel()


def was_interrupted(task: asyncio.Task[Any]) -> bool:
    """Tell, in `except CancelledError`, whether the reason was `interrupt`; the task may then go on."""
    if task not in _interrupted:
        return False
    while task.cancelling():
        task.uncancel()
    return True


def clear(task: asyncio.Task[Any]) -> None:
    """Forget what was to be interrupted: it is done, whatever else its task may do."""
    _interrupted.discard(task)
    if (timer := _postponed.pop(task, None)) is not None:
        timer.cancel()
