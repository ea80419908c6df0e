"""One refresh at a time: callers that need the same one wait for its result."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

from auth_api_sdk.models import Tokens


class Flights:
    """The refreshes of this process that run now, by the token that they spend; for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Future[Tokens]] = {}

    def run(self, refresh_token: str, work: Callable[[], Tokens]) -> Tokens:
        """Do the work, or wait for the thread that does it, and return or raise what it returned or raised."""
        with self._lock:
            running = self._running.get(refresh_token)
            future = self._running.setdefault(refresh_token, Future())
        if running is not None:
            return running.result()
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[refresh_token]
        return future.result()


class AsyncFlights:
    """The refreshes of this process that run now, by the token that they spend; for tasks."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Tokens]] = {}

    async def run(self, refresh_token: str, work: Callable[[], Awaitable[Tokens]]) -> Tokens:
        """Do the work in a task of its own, which goes on if a caller is cancelled, and return or raise its outcome."""
        task = self._running.get(refresh_token)
        if task is None:
            task = asyncio.create_task(self._done(refresh_token, work))
            self._running[refresh_token] = task
            task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    async def _done(self, refresh_token: str, work: Callable[[], Awaitable[Tokens]]) -> Tokens:
        try:
            return await work()
        finally:
            del self._running[refresh_token]


def _retrieve(task: asyncio.Task[Tokens]) -> None:
    """Mark the exception of a task as seen, as all its callers may have been cancelled."""
    if not task.cancelled():
        task.exception()
