"""PostgreSQL engine with a connection pool: every wait has a limit, and connections are made only when needed."""

import math
import secrets
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from loguru import logger
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from auth_api.kit.breaker.outcome import mark_neutral
from auth_api.kit.db.connection_cache import ConnectionCache
from auth_api.kit.db.failures import LOST_CONNECTIONS, MOVED_STATEMENTS, InvalidCallError, invalidates_pool
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.pool_limiter import PoolLimiter
from auth_api.kit.db.postgres_files import ignore_inaccessible_home
from auth_api.kit.db.raw_sql import compile_query
from auth_api.kit.db.transactions import GuardedTransaction


class PooledTransaction(GuardedTransaction, PostgresTransaction):
    """A transaction at the isolation level of the server, READ COMMITTED by default."""

    async def begin(self) -> None:
        """Execute BEGIN."""
        self.transaction = self.connection.transaction()
        await self.transaction.start()


class PooledConnection(asyncpg.Connection):
    """A connection that can be closed without an error, even if the server does not respond.

    The names of its prepared statements differ from those of all other connections: behind a pooler, a statement of
    another process with the same name would return rows of another query.

    The pool closes replaced connections in tasks that are not awaited: for each of them, a server that no longer
    responds would leave a traceback in the log.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._suffix = secrets.token_hex(6)

    def _get_unique_id(self, prefix: str) -> str:
        name: str = super()._get_unique_id(prefix)  # type: ignore[misc]  # missing in the stubs
        return f"{name}{self._suffix}"

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Close gracefully within `timeout` seconds, then terminate."""
        try:
            await super().close(timeout=timeout)
        except Exception as error:  # noqa: BLE001 - after any error asyncpg has terminated the connection
            logger.bind(event="connection:terminated", error_type=type(error).__name__).debug("connection terminated")


class PooledPostgresEngine(PostgresEngine):
    """Piccolo's engine on an asyncpg pool.

    Use only `SET LOCAL` and transaction-scoped advisory locks: released connections are not reset by `RESET ALL`.

    Args:
        policy: where the database is, and its limits.
        limits_statements: False for migrations, whose statements may take long.
    """

    lost_connections: Final = LOST_CONNECTIONS

    def __init__(self, policy: DatabasePolicy, *, limits_statements: bool = True) -> None:
        self._policy = policy
        self._keeps_statements = policy.statement_cache_size > 0
        ignore_inaccessible_home()
        self._limiter: PoolLimiter | None = None
        self.connections: ConnectionCache | None = None
        super().__init__(
            config={
                "dsn": policy.postgres_dsn,
                "timeout": policy.connect_timeout,
                "statement_cache_size": 0,  # of connections without a pool, which are used once
                "server_settings": {
                    "application_name": "auth_api",
                    "timezone": "UTC",
                    **_time_limit(policy.statement_timeout, applies=limits_statements),
                },
            }
        )

    async def get_version(self) -> float:
        """Return the oldest supported version: Piccolo's own engine connects to ask while it is being constructed."""
        return self.min_version_number

    async def start_connection_pool(self, **kwargs: Any) -> None:
        """Open the pool without connecting: the server may start later than this process."""
        size = self._policy.max_pool_size
        self._limiter = PoolLimiter("connections", size, self._policy.pool_timeout)
        await super().start_connection_pool(
            min_size=0,
            max_size=size,
            command_timeout=self._command_timeout,
            statement_cache_size=self._policy.statement_cache_size,
            reset=_reset,
            connection_class=PooledConnection,
            **kwargs,
        )
        if self.pool is not None:  # Piccolo has set it
            self.connections = ConnectionCache(self.pool, self._policy.connect_timeout)

    @property
    def _command_timeout(self) -> float:
        """Longer than the server's limit: if the server cancels the statement, the connection stays usable."""
        return self._policy.client_statement_timeout + self._policy.connect_timeout

    async def close_connection_pool(self) -> None:
        """Close all connections, once those in use are released."""
        if self.connections is not None:
            await self.connections.close()
        await super().close_connection_pool()
        self.connections = None

    async def ping(self) -> None:
        """Execute a trivial query."""
        await self.run_ddl("SELECT 1")

    async def acquire(self) -> Any:
        """Acquire a connection from the pool, or a new one without a pool (under the `piccolo` command).

        Raises:
            ServerOverloadedException: none became free in time.
        """
        if self.connections is None or self._limiter is None:
            return await self.get_new_connection()
        await self._limiter.acquire()
        try:
            return await self.connections.acquire()
        except BaseException:
            self._limiter.release()
            raise

    async def release(self, connection: Any, *, clean: bool) -> None:
        """Release the connection; unless clean, wait for a cancelled statement, and close it if it is broken."""
        if self.connections is None or self._limiter is None:
            await connection.close() if clean else connection.terminate()
            return
        try:
            await self.connections.release(connection, clean=clean)
        finally:
            self._limiter.release()

    async def on_error(self, error: BaseException, connection: Any) -> None:
        """Replace all connections before their next use if the error on this one means that the others are dead too.

        Errors on the other connections in use are neutral for the breaker: twenty connections that are cut at the same
        time are one failure, and the next statement uses a new connection.
        """
        if self.connections is None:
            return
        if isinstance(error, MOVED_STATEMENTS):
            await self._stop_keeping_statements(connection)
            return
        if not invalidates_pool(error):
            return
        if not await self.connections.expire(connection):
            mark_neutral(error)

    async def _stop_keeping_statements(self, connection: Any) -> None:
        """Keep no prepared statements from now on: a pooler executes them on connections that do not have them."""
        if self.connections is None or self.pool is None:
            return
        if self._keeps_statements:
            self._keeps_statements = False
            self.pool.set_connect_args(**self.config, command_timeout=self._command_timeout)
            log = logger.bind(event="prepared_statements:disabled", setting="DATABASE_STATEMENT_CACHE_SIZE")
            log.warning("a pooler does not keep prepared statements: set DATABASE_STATEMENT_CACHE_SIZE=0")
        await self.connections.expire(connection)

    def transaction(self, allow_nested: bool = True) -> PooledTransaction:  # noqa: FBT001, FBT002 - Piccolo's signature
        """Create a transaction that always releases its connection."""
        return PooledTransaction(engine=self, allow_nested=allow_nested)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: FBT001, FBT002 - Piccolo's signature
        """Execute in the current transaction, or on a connection of its own. Queries contain secrets: print nothing."""
        statement, values = compile_query(querystring, self.engine_type)
        if (transaction := self.current_transaction.get()) is not None:
            return await _execute(transaction.connection, statement, values)
        if in_pool and self.pool is not None:
            return await self._run_in_pool(statement, values)
        return await self._run_in_new_connection(statement, values)

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> list[asyncpg.Record]:
        had_statements = self._keeps_statements
        try:
            return await self._fetch(query, args)
        except LOST_CONNECTIONS as error:
            if not invalidates_pool(error) or not _only_reads(query):
                raise
        except MOVED_STATEMENTS:
            if not had_statements:
                raise
        return await self._fetch(query, args)

    async def _fetch(self, query: str, args: Sequence[Any] | None) -> list[asyncpg.Record]:
        connection = await self.acquire()
        clean = False
        try:
            rows = await _execute(connection, query, args or ())
            clean = True
        except Exception as error:
            await self.on_error(error, connection)
            raise
        finally:
            await self.release(connection, clean=clean)
        return rows


async def _execute(connection: Any, query: str, values: Sequence[Any]) -> list[asyncpg.Record]:
    """Execute a statement on a connection.

    Raises:
        InvalidCallError: asyncpg rejected the call; for a lost connection it raises an error of the same type.
    """
    try:
        rows: list[asyncpg.Record] = await connection.fetch(query, *values)
    except asyncpg.InterfaceError as error:
        if type(error) is asyncpg.InterfaceError and not connection.is_closed():
            raise InvalidCallError from error
        raise
    return rows


def _time_limit(seconds: float, *, applies: bool) -> dict[str, str]:
    """Return the startup parameter that limits statements, or disables a limit of the role; none if it is 0."""
    if not seconds:
        return {}
    return {"statement_timeout": str(math.ceil(seconds * 1000) if applies else 0)}


def _only_reads(query: str) -> bool:
    """Return whether a statement may be repeated: no SELECT of the application calls a function with side effects."""
    return query.lstrip()[:6].upper() == "SELECT"


async def _reset(connection: asyncpg.Connection) -> None:
    """Roll back an open transaction of a cancelled request; asyncpg's own reset is a round trip after each query."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
