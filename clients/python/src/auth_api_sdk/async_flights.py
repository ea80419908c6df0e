"""One refresh at a time: tasks that need the same one wait for its result."""

import asyncio
from collections.abc import Awaitable, Callable

from auth_api_sdk.models import Tokens


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
