"""Work that goes on beside the requests, in the same event loop."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from loguru import logger

from auth_api.kit.errors import RetryLaterException

AFTER_AN_ERROR: Final = 5.0
"""Seconds until the next try of what failed; the database may be away."""

JITTER: Final = 0.2
"""Waits vary by this share: the processes of one deployment shall not ask in step."""

STOP_WITHIN: Final = 5.0
"""Seconds that a step may go on once the process was asked to stop."""


class BackgroundJob:
    """Does one thing over and over.

    Args:
        name: in logs.
        step: does a piece of the work, and returns in how many seconds there may be more.
    """

    def __init__(self, name: str, step: Callable[[], Awaitable[float]]) -> None:
        self._name = name
        self._step = step
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Say that there is work now."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in this context. On leaving it, the step under way is waited for, but not for long."""
        task = asyncio.create_task(self._work(), name=self._name)
        try:
            yield
        finally:
            self._stopping = True
            self.wake()
            _, late = await asyncio.wait({task}, timeout=STOP_WITHIN)
            for unfinished in late:
                unfinished.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await unfinished

    async def _work(self) -> None:
        failing = False
        while not self._stopping:
            self._woken.clear()
            try:
                pause = await self._step()
                failing = False
            except Exception as error:  # noqa: BLE001 - whatever it is, the job goes on
                # Once: an outage of an hour is one event. Where it came from is in the breaker's lines.
                trace = None if failing or isinstance(error, RetryLaterException) else error
                log = logger.bind(job=self._name, error=type(error).__name__).opt(exception=trace)
                log.log("DEBUG" if failing else "WARNING", "background job failed, and will try again")
                failing, pause = True, AFTER_AN_ERROR
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(1 - JITTER, 1)):  # noqa: S311 - spreads load
                    await self._woken.wait()
