"""A limit on concurrent connections, with a limited wait."""

import asyncio
from types import TracebackType

from auth_api.kit import metrics
from auth_api.kit.clock import monotonic
from auth_api.kit.errors import ServerOverloadedException


class PoolLimiter:
    """Limits the connections in use, so that a full pool returns 503 instead of waiting without bound.

    Args:
        pool: name of the pool in metrics.
        size: maximum number of connections in use.
        timeout: maximum wait in seconds.
    """

    def __init__(self, pool: str, size: int, timeout: float) -> None:
        self._free = asyncio.Semaphore(size)
        self._timeout = timeout
        self._in_use = metrics.CONNECTIONS_IN_USE.labels(pool)
        self._wait = metrics.CONNECTION_WAIT.labels(pool)
        self._timeouts = metrics.CONNECTION_TIMEOUTS.labels(pool)
        metrics.CONNECTIONS_MAX.labels(pool).set(size)

    async def acquire(self) -> None:
        """Wait until fewer than `size` connections are in use.

        Raises:
            ServerOverloadedException: none became free in time.
        """
        if not self._free.locked():
            await self._free.acquire()  # no timer for the common case
            self._wait.observe(0)
        else:
            await self._acquire_in_time()
        self._in_use.inc()

    def release(self) -> None:
        """Count the connection as free again."""
        self._free.release()
        self._in_use.dec()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    async def _acquire_in_time(self) -> None:
        began = monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                await self._free.acquire()
        except TimeoutError as error:
            self._timeouts.inc()
            raise ServerOverloadedException from error
        finally:
            self._wait.observe(monotonic() - began)
