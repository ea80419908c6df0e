"""Detection in the background that a service has recovered."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextvars import Context

PROBE_SECONDS = 1.0
"""Time between two probes of an open breaker, and the time limit of each."""


class Probe:
    """Calls a cheap function periodically until it is no longer needed.

    Args:
        ping: succeeds if the service works; None for a service without such a call.
        is_needed: returns whether to continue.
        on_success: called after each successful ping.
    """

    def __init__(
        self,
        ping: Callable[[], Awaitable[object]] | None,
        is_needed: Callable[[], bool],
        on_success: Callable[[], None],
    ) -> None:
        self._ping = ping
        self._is_needed = is_needed
        self._on_success = on_success
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the probe is running."""
        return self._task is not None

    def start(self) -> None:
        """Start, unless the probe is running already."""
        if self._ping is None or (self._task is not None and not self._task.done()):
            return
        # An empty context: the probe must not inherit the transaction or the guarded call of the code that failed.
        self._task = asyncio.get_running_loop().create_task(self._run(self._ping), context=Context())

    async def stop(self) -> None:
        """Stop, and wait until the probe has ended."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self, ping: Callable[[], Awaitable[object]]) -> None:
        try:
            while self._is_needed():
                await asyncio.sleep(PROBE_SECONDS)
                # A ping on a dead connection must not delay the next ping, on a new connection, for longer than this.
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(PROBE_SECONDS):
                        await ping()
                    self._on_success()
        finally:
            self._task = None
