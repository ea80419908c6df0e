"""Background jobs, which run in the same event loop as the requests."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from loguru import logger

from auth_api.kit.errors import RetryLaterException

RETRY_SECONDS: Final = 5.0
"""Pause after a failed step, which may have failed because the database is down."""

JITTER_SHARE: Final = 0.2
"""Share by which pauses vary, so that the processes of a deployment do not poll in lockstep."""

MAX_STOP_SECONDS: Final = 5.0
"""Time that a running step has to finish when the process stops."""


class BackgroundJob:
    """Repeats a step of work.

    Args:
        name: for log lines.
        step: does one piece of work and returns the pause until the next one, in seconds.
        has_last_step: whether it also works when the process stops, once, whether or not that succeeds.
    """

    def __init__(self, name: str, step: Callable[[], Awaitable[float]], *, has_last_step: bool = False) -> None:
        self._name = name
        self._step = step
        self._has_last_step = has_last_step
        self._woken = asyncio.Event()
        self._is_stopping = False

    def wake(self, after: float = 0.0) -> None:
        """End the pause in which the job is after this number of seconds, because there is work then."""
        if after:
            asyncio.get_running_loop().call_later(after, self._woken.set)
        else:
            self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the job in this context. At the end, a running step has 5 s to finish before it is cancelled."""
        task = asyncio.create_task(self._work(), name=self._name)
        try:
            yield
        finally:
            self._is_stopping = True
            self.wake()
            _, unfinished = await asyncio.wait({task}, timeout=MAX_STOP_SECONDS)
            for late in unfinished:
                late.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await late

    async def _work(self) -> None:
        is_failing = False
        while not self._is_stopping:
            self._woken.clear()
            try:
                pause = await self._step()
                is_failing = False
            except Exception as error:  # noqa: BLE001 - the job goes on after any error
                # Only the first failure of an outage is a warning. The breaker logs the cause of an outage.
                trace = None if is_failing or isinstance(error, RetryLaterException) else error
                log = logger.bind(event="job:failed", job=self._name, error_type=type(error).__name__)
                log.opt(exception=trace).log(
                    "DEBUG" if is_failing else "WARNING", "background job failed; it is retried"
                )
                is_failing, pause = True, RETRY_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(1 - JITTER_SHARE, 1)):  # noqa: S311 - spreads load
                    await self._woken.wait()
        if self._has_last_step:
            with contextlib.suppress(Exception):
                await self._step()
