"""Finds out in the background that a service is back."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextvars import Context

PROBE_INTERVAL = 1.0
"""Seconds between two background probes of an open breaker, and the longest that one may take."""


class Probe:
    """Asks a cheap question once per interval, while it is needed.

    Args:
        ask: succeeds when the service is back; None for a service that cannot be asked.
        is_needed: tells whether to go on.
        found: called after each success.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[object]] | None, is_needed: Callable[[], bool], found: Callable[[], None]
    ) -> None:
        self._ask = ask
        self._is_needed = is_needed
        self._found = found
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether somebody asks at present."""
        return self._task is not None

    def start(self) -> None:
        """Begin to ask, if nobody does yet."""
        if self._ask is None or (self._task is not None and not self._task.done()):
            return
        # An empty context: the probe must inherit neither the failed call's transaction nor its place in the breaker.
        self._task = asyncio.get_running_loop().create_task(self._run(self._ask), context=Context())

    async def stop(self) -> None:
        """Ask no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self, ask: Callable[[], Awaitable[object]]) -> None:
        try:
            while self._is_needed():
                await asyncio.sleep(PROBE_INTERVAL)
                # A connection that leads nowhere must not keep the next, fresh one from being tried.
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(PROBE_INTERVAL):
                        await ask()
                    self._found()
        finally:
            self._task = None
