"""PostgreSQL: a pool that never waits for ever and never connects before it is told to."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from loguru import logger
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from auth_api.kit.breaker.outcome import mark_neutral
from auth_api.kit.db.connection_cache import ConnectionCache
from auth_api.kit.db.failures import LOST_CONNECTIONS, leads_nowhere
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.pool_limiter import PoolLimiter
from auth_api.kit.db.raw_sql import compiled
from auth_api.kit.db.transactions import GuardedTransaction


class PooledTransaction(GuardedTransaction, PostgresTransaction):
    """BEGIN at the isolation level of the server (READ COMMITTED), COMMIT or ROLLBACK, connection back."""

    async def begin(self) -> None:
        """Begin on the connection at hand."""
        self.transaction = self.connection.transaction()
        await self.transaction.start()


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is untyped
    """A connection that is gone once it is closed, whether the server hears of it or not.

    The pool says farewell to connections that were replaced in a task that nobody waits for: a server that no longer
    answers would leave a traceback in the log for each.
    """

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Say farewell for so long, then hang up."""
        try:
            await super().close(timeout=timeout)
        except Exception as error:  # noqa: BLE001 - whatever it is, asyncpg has hung up
            logger.bind(error=type(error).__name__).debug("a connection ended without a farewell")


class PooledPostgresEngine(PostgresEngine):
    """Piccolo's engine on an asyncpg pool.

    Only `SET LOCAL` and transaction-scoped advisory locks may be used: connections go back without `RESET ALL`.
    """

    lost_connections: Final = LOST_CONNECTIONS

    def __init__(self, policy: DatabasePolicy) -> None:
        self._policy = policy
        self._slots: PoolLimiter | None = None
        self.connections: ConnectionCache | None = None
        super().__init__(
            config={
                "dsn": policy.postgres_dsn,
                "timeout": policy.connect_timeout,
                "statement_cache_size": policy.statement_cache_size,
                "server_settings": {
                    "application_name": "auth_api",
                    "statement_timeout": str(round(policy.statement_timeout * 1000)),
                    "timezone": "UTC",
                },
            }
        )

    async def get_version(self) -> float:
        """Claim the oldest that will do: the stock engine connects to ask, while it is being constructed."""
        return self.min_version_number

    async def start_connection_pool(self, **kwargs: Any) -> None:
        """Open the pool, without a connection yet: the server may be down and come up later."""
        size = self._policy.max_pool_size
        self._slots = PoolLimiter("connections", size, self._policy.pool_timeout)
        # The client's limit lies above the server's, so that the server gives up first and the connection stays good.
        command_timeout = self._policy.statement_timeout + self._policy.connect_timeout
        await super().start_connection_pool(
            min_size=0,
            max_size=size,
            command_timeout=command_timeout,
            reset=_reset,
            connection_class=PooledConnection,
            **kwargs,
        )
        self.connections = ConnectionCache(self.pool, self._policy.connect_timeout)

    async def close_connection_pool(self) -> None:
        """Close all connections, when those that are out are back."""
        if self.connections is not None:
            await self.connections.close()
        await super().close_connection_pool()
        self.connections = None

    async def ping(self) -> None:
        """Ask for nothing."""
        await self.run_ddl("SELECT 1")

    async def acquire(self) -> Any:
        """Take a connection: from the pool, or a fresh one where there is none (the `piccolo` command).

        Raises:
            ServerOverloadedException: none became free in time.
        """
        if self.connections is None or self._slots is None:
            return await self.get_new_connection()
        await self._slots.acquire()
        try:
            return await self.connections.acquire()
        except BaseException:
            self._slots.release()
            raise

    async def release(self, connection: Any, *, clean: bool) -> None:
        """Let others have it; unless clean, a cancelled statement is waited for, and a broken connection dropped."""
        if self.connections is None or self._slots is None:
            await connection.close() if clean else connection.terminate()
            return
        try:
            await self.connections.release(connection, clean=clean)
        finally:
            self._slots.release()

    async def on_error(self, error: BaseException, connection: Any) -> None:
        """Replace all connections before their next use when one of them turned out to lead nowhere.

        Those that are out at that moment may fail as well; that is no news, and only the first one counts for the
        breaker: twenty connections that are cut at once are one event, and over with the next, fresh one.
        """
        if self.connections is None or not leads_nowhere(error):
            return
        if not await self.connections.expire(connection):
            mark_neutral(error)

    def transaction(self, allow_nested: bool = True) -> PooledTransaction:  # noqa: FBT001, FBT002 - Piccolo's signature
        """Begin a transaction on leaving which the connection is back in the pool."""
        return PooledTransaction(engine=self, allow_nested=allow_nested)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: FBT001, FBT002 - Piccolo's signature
        """Ask in the transaction of the task, or else on a connection of its own. Prints nothing: secrets pass."""
        statement, values = compiled(querystring, self.engine_type)
        if (transaction := self.current_transaction.get()) is not None:
            return await transaction.connection.fetch(statement, *values)
        if in_pool and self.pool is not None:
            return await self._run_in_pool(statement, values)
        return await self._run_in_new_connection(statement, values)

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> list[asyncpg.Record]:
        try:
            return await self._fetch(query, args)
        except LOST_CONNECTIONS as error:
            if not leads_nowhere(error) or not _only_reads(query):
                raise
        return await self._fetch(query, args)

    async def _fetch(self, query: str, args: Sequence[Any] | None) -> list[asyncpg.Record]:
        connection = await self.acquire()
        clean = False
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query, *(args or ()))
            clean = True
        except Exception as error:
            await self.on_error(error, connection)
            raise
        finally:
            await self.release(connection, clean=clean)
        return rows


def _only_reads(query: str) -> bool:
    """Tell whether asking twice is asking once: no SELECT here calls a function that changes anything."""
    return query.lstrip()[:6].upper() == "SELECT"


async def _reset(connection: asyncpg.Connection) -> None:
    """Roll back what a cancelled request left open; the stock reset is a round trip after every query."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
