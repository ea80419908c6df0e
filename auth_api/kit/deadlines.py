"""Time limits: one timer for many deadlines, and cancellation that does not interrupt a COMMIT."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from auth_api.kit.clock import monotonic

K = TypeVar("K")

RETRY_SECONDS: Final = 0.1
"""Interval at which a task that cannot be interrupted yet is tried again."""

_uninterruptible: set[asyncio.Task[Any]] = set()
_interrupted: set[asyncio.Task[Any]] = set()
_postponed: dict[asyncio.Task[Any], asyncio.TimerHandle] = {}


class Deadlines(Generic[K]):
    """The same time limit for many keys. Keys expire in the order of their start, so one timer is enough.

    Args:
        seconds: the time limit.
        expire: called with a key whose time limit is over.
    """

    def __init__(self, seconds: float, expire: Callable[[K], None]) -> None:
        self._seconds = seconds
        self._expire = expire
        self._ends: dict[K, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[K]:
        """Yield the keys in the order of their start."""
        return iter(self._ends)

    def start(self, key: K) -> None:
        """Start the time limit of a key, unless it has been started already."""
        self._ends.setdefault(key, monotonic() + self._seconds)
        if self._timer is None:  # rare under load
            self._set_timer(self._seconds)

    def stop(self, key: K) -> None:
        """Stop the time limit of a key, if it has been started."""
        self._ends.pop(key, None)

    def oldest(self, *, after: float) -> K | None:
        """Return the key that was started first, if that is more than `after` seconds ago."""
        for key, end in self._ends.items():
            return key if end - self._seconds + after < monotonic() else None
        return None

    def _set_timer(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now = monotonic()
        while self._ends:
            key, end = next(iter(self._ends.items()))
            if end > now:
                self._set_timer(end - now)
                return
            del self._ends[key]
            self._expire(key)


@contextmanager
def uninterruptible() -> Iterator[None]:
    """Postpone `interrupt` of the current task: for a COMMIT, which has its own time limit and must have an outcome."""
    task = asyncio.current_task()
    if task is None:
        yield
        return
    _uninterruptible.add(task)
    try:
        yield
    finally:
        _uninterruptible.discard(task)


def interrupt(task: asyncio.Task[Any]) -> None:
    """Cancel a task, or, if it is in an `uninterruptible` context, as soon as it has left that."""
    if task in _uninterruptible:
        _postponed[task] = asyncio.get_running_loop().call_later(RETRY_SECONDS, interrupt, task)
        return
    _postponed.pop(task, None)
    _interrupted.add(task)
    task.cancel()


def was_interrupted(task: asyncio.Task[Any]) -> bool:
    """Return, in `except CancelledError`, whether `interrupt` was the cause. If so, the task may continue."""
    if task not in _interrupted:
        return False
    while task.cancelling():
        task.uncancel()
    return True


def clear(task: asyncio.Task[Any]) -> None:
    """Forget all interruptions of a task, because the work that was to be interrupted has ended."""
    _interrupted.discard(task)
    if (timer := _postponed.pop(task, None)) is not None:
        timer.cancel()
