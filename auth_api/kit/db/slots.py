"""A bounded number of places, each waited for only so long."""

import asyncio
from types import TracebackType

from auth_api.kit.errors import ServerOverloadedException


class Slots:
    """Stands before a pool of connections, so that a full pool is an answer (503) and no endless wait.

    Args:
        size: how many may hold a place at once.
        timeout: seconds that one waits for a place.
    """

    def __init__(self, size: int, timeout: float) -> None:
        self._free = asyncio.Semaphore(size)
        self._timeout = timeout

    async def acquire(self) -> None:
        """Take a place.

        Raises:
            ServerOverloadedException: none became free in time.
        """
        if not self._free.locked():
            await self._free.acquire()  # no timer for the common case
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._free.acquire()
        except TimeoutError as error:
            raise ServerOverloadedException from error

    def release(self) -> None:
        """Give the place back."""
        self._free.release()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
