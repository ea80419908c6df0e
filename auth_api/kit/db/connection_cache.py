"""Connections between two requests: a moment at hand, before asyncpg's pool has them back."""

import asyncio
import contextlib
from contextvars import Context
from typing import Any, Final

import asyncpg
from loguru import logger

from auth_api.kit.deadlines import Deadlines

SECONDS: Final = 10.0
"""How long a connection stays away from the pool, which closes what was idle for five minutes or is worn out."""


class ConnectionCache:
    """Lends the connections of a pool, and keeps for the next one what comes back in order.

    The pool's own loan takes a time limit, a task and two turns of the event loop. It is made only by who finds nothing
    at hand, and it ends after some seconds, or at once where anything is odd about the connection: all of the
    pool's rules hold, that much later.

    Args:
        pool: whose connections these are.
        connect_timeout: seconds that a connection may take to be made, and to end what a request left behind.
        seconds: how long a loan lasts.
    """

    def __init__(self, pool: asyncpg.Pool, connect_timeout: float, *, seconds: float = SECONDS) -> None:
        self._pool = pool
        self._timeout = connect_timeout
        self._free: list[Any] = []  # the one used last is taken first, so that the others grow old
        self._loans: dict[Any, int] = {}  # the generation of those that are out or free
        self._generation = 0
        self._due: Deadlines[Any] = Deadlines(seconds, self._end)
        self._overdue: set[Any] = set()
        self._is_closing = False
        self._endings: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> int:
        """How many wait for a taker."""
        return len(self._free)

    async def acquire(self) -> Any:
        """Return a connection that was in order when it was last looked at, else a new one."""
        while self._free:
            connection = self._free.pop()
            if _is_in_order(connection):
                return connection
            self._drop(connection)
        # Above the limit for connecting, which ends it; it also bounds the farewell to an expired connection.
        connection = await self._pool.acquire(timeout=2 * self._timeout)
        self._loans[connection] = self._generation
        self._due.start(connection)
        return connection

    async def release(self, connection: Any, *, clean: bool) -> None:
        """Keep it at hand, or let the pool wait for a cancelled statement and drop a broken connection."""
        if (
            clean
            and not self._is_closing
            and self._loans.get(connection) == self._generation
            and connection not in self._overdue
            and _is_in_order(connection)
        ):
            self._free.append(connection)
        else:
            await self._return(connection)

    async def expire(self, connection: Any) -> bool:
        """Replace all connections before their next use, for what this one met.

        Returns:
            Whether that is news: it was not replaced already, for what another one met.
        """
        if self._loans.get(connection) != self._generation:
            return False
        self._generation += 1
        await self._pool.expire_connections()
        while self._free:
            self._drop(self._free.pop())
        return True

    async def close(self) -> None:
        """Give back to the pool what is free, and from now on whatever comes back."""
        self._is_closing = True
        while self._free:
            await self._return(self._free.pop())
        if self._endings:
            await asyncio.wait(self._endings)

    async def _return(self, connection: Any) -> None:
        await asyncio.shield(self._start_return(connection))

    def _start_return(self, connection: Any) -> asyncio.Task[None]:
        self._forget(connection)
        # In a task of its own, which ends whatever becomes of the caller: asyncpg's own shield forgets what it protects
        # when the caller is cancelled. An empty context, as the caller's may hold a transaction.
        ending = asyncio.get_running_loop().create_task(self._release(connection), context=Context())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        return ending

    async def _release(self, connection: Any) -> None:
        try:
            # A cancelled statement is waited for only so long; then the connection is dropped.
            await self._pool.release(connection, timeout=self._timeout)
        except Exception as error:  # noqa: BLE001 - whatever it is, the pool has dropped the connection
            logger.bind(error=type(error).__name__).debug("a connection broke on its way back to the pool")

    def _drop(self, connection: Any) -> None:
        self._forget(connection)
        with contextlib.suppress(asyncpg.InterfaceError):  # it was closed, and the pool knows
            connection.terminate()

    def _forget(self, connection: Any) -> None:
        self._loans.pop(connection, None)
        self._due.stop(connection)
        self._overdue.discard(connection)

    def _end(self, connection: Any) -> None:
        """End a loan in time: at once if it is free, else when it comes back."""
        if connection not in self._free:
            self._overdue.add(connection)
            return
        self._free.remove(connection)
        self._start_return(connection)


def _is_in_order(connection: Any) -> bool:
    try:
        return not (connection.is_closed() or connection.is_in_transaction())
    except asyncpg.InterfaceError:  # it was closed, and the pool knows
        return False
