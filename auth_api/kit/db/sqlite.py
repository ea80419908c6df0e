"""SQLite engine with open connections: several for reading, one for writing.

Piccolo's own engine opens a connection and a thread for each query. Here writers of this process queue for one
connection instead of failing with "database is locked"; SQLite itself waits for other processes.
"""

import asyncio
import contextlib
import sqlite3
from typing import Any, Final

import aiosqlite
from loguru import logger
from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, TransactionType, dict_factory
from piccolo.querystring import QueryString
from piccolo.table import Table

from auth_api.kit.clock import monotonic
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.pool_limiter import PoolLimiter
from auth_api.kit.db.raw_sql import compile_query
from auth_api.kit.db.sqlite_connection import DurableConnection, create_private_file
from auth_api.kit.db.transactions import GuardedTransaction

READER_CONNECTIONS: Final = 2
"""With more connections reads get no faster: the global interpreter lock is the limit."""

MIN_DEDUCTED_SECONDS: Final = 0.1
"""Shorter waits in the queue are not deducted from SQLite's time limit: setting it takes a statement."""


class ImmediateTransaction(GuardedTransaction, SQLiteTransaction):
    """A transaction that takes the write lock at BEGIN, so that a write after a read cannot fail because of others."""

    async def begin(self) -> None:
        """Execute BEGIN, with one switch to the connection's thread as for each statement."""
        await self.connection.execute_fetchall("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        """Execute COMMIT."""
        await self.connection.execute_fetchall("COMMIT")

    async def rollback(self) -> None:
        """Execute ROLLBACK."""
        await self.connection.execute_fetchall("ROLLBACK")


class PooledSQLiteEngine(SQLiteEngine):
    """Piccolo's engine on connections that stay open; without a started pool it behaves like Piccolo's own."""

    lost_connections: Final = ()

    def __init__(self, policy: DatabasePolicy) -> None:
        self._policy = policy
        self._writer: aiosqlite.Connection | None = None
        self._readers: list[aiosqlite.Connection] = []
        self._busy_timeout = policy.client_statement_timeout
        super().__init__(path=str(policy.sqlite_path), factory=DurableConnection, timeout=self._busy_timeout)

    async def get_connection(self) -> aiosqlite.Connection:
        """Open a connection; outside of a pool, create the file if needed and allowed.

        If that fails, wait for the connection's thread, which would otherwise report a closed event loop.
        """
        if self._writer is None and self._policy.creates_file:
            await asyncio.to_thread(create_private_file, self.path)
        connection = aiosqlite.connect(**self.connection_kwargs)
        try:
            await connection
        except BaseException:
            await asyncio.to_thread(connection._thread.join)  # noqa: SLF001 - nothing public waits for it
            raise
        connection.row_factory = dict_factory  # type: ignore[assignment]  # aiosqlite's annotation is too narrow
        return connection

    async def start_connection_pool(self) -> None:
        """Open all connections."""
        try:
            self._writer = await self.get_connection()
            self._readers = [await self.get_connection() for _ in range(READER_CONNECTIONS)]
        except BaseException:
            await self.close_connection_pool()
            raise
        self._reader_limiter = PoolLimiter("readers", READER_CONNECTIONS, self._policy.client_statement_timeout)
        self._writer_limiter = PoolLimiter("writer", 1, self._policy.client_statement_timeout)
        self._idle_readers = list(self._readers)

    async def close_connection_pool(self) -> None:
        """Close all connections: an open one would keep the process from ending."""
        connections = [*self._readers, *([self._writer] if self._writer else [])]
        self._writer, self._readers = None, []
        for connection in connections:
            with contextlib.suppress(sqlite3.Error):
                await connection.close()

    async def ping(self) -> None:
        """Read from the file, which `SELECT 1` would not."""
        await self.run_ddl("SELECT count(*) FROM sqlite_master")

    async def acquire(self) -> aiosqlite.Connection:
        """Wait for the writer's connection, and shorten SQLite's wait for locks by the time spent in the queue.

        Raises:
            ServerOverloadedException: earlier writers did not finish in time.
        """
        if self._writer is None:
            return await self.get_connection()
        began = monotonic()
        await self._writer_limiter.acquire()
        waited = monotonic() - began
        left = self._policy.client_statement_timeout - (waited if waited > MIN_DEDUCTED_SECONDS else 0)
        if left != self._busy_timeout:
            try:
                await self._writer.execute_fetchall(f"PRAGMA busy_timeout = {max(0, round(left * 1000))}")
            except BaseException:
                self._writer_limiter.release()
                raise
            self._busy_timeout = left
        return self._writer

    async def release(self, connection: aiosqlite.Connection, *, clean: bool) -> None:
        """Free the writer's connection, after a rollback unless it is clean."""
        if self._writer is None:
            await connection.close()
        elif clean:
            self._writer_limiter.release()
        else:
            # Shielded: the connection must be freed even if the request is cancelled.
            await asyncio.shield(self._recover())

    async def on_error(self, error: BaseException, connection: aiosqlite.Connection) -> None:
        """Do nothing: each connection detects damage by itself."""

    def transaction(
        self,
        transaction_type: TransactionType = TransactionType.immediate,
        allow_nested: bool = True,  # noqa: FBT001, FBT002 - Piccolo's signature
    ) -> ImmediateTransaction:
        """Create a transaction that takes the write lock at once, whatever type is requested."""
        return ImmediateTransaction(self, transaction_type=transaction_type, allow_nested=allow_nested)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - Piccolo's signature
        """Execute in the current transaction, or on a reader's or the writer's connection. Nothing is printed."""
        statement, values = compile_query(querystring, self.engine_type)
        if (transaction := self.current_transaction.get()) is not None:
            return await self._run_in_existing_connection(transaction.connection, statement, list(values))
        return await self._run_in_new_connection(statement, list(values))

    async def _run_in_new_connection(
        self,
        query: str,
        args: list[Any] | None = None,
        query_type: str = "generic",  # noqa: ARG002 - Piccolo's signature
        table: type[Table] | None = None,  # noqa: ARG002 - as above
    ) -> Any:
        if self._writer is None:
            return await self._run_once(query, args or [])
        if query.lstrip()[:6].upper() == "SELECT":
            return await self._read(query, args or [])
        connection = await self.acquire()
        try:
            return await connection.execute_fetchall(query, args or [])
        finally:
            # A single statement commits itself, even if the request is cancelled; the next one waits in its thread.
            self._writer_limiter.release()

    async def _run_in_existing_connection(
        self,
        connection: aiosqlite.Connection,
        query: str,
        args: list[Any] | None = None,
        query_type: str = "generic",  # noqa: ARG002 - Piccolo's signature
        table: type[Table] | None = None,  # noqa: ARG002 - as above
    ) -> Any:
        return await connection.execute_fetchall(query, args or [])

    async def _run_once(self, query: str, args: list[Any]) -> Any:
        connection = await self.get_connection()
        try:
            return await connection.execute_fetchall(query, args)
        finally:
            await connection.close()

    async def _read(self, query: str, args: list[Any]) -> Any:
        async with self._reader_limiter:
            connection = self._idle_readers.pop()
            try:
                return await connection.execute_fetchall(query, args)
            finally:
                self._idle_readers.append(connection)

    async def _recover(self) -> None:
        try:
            if self._writer is not None:
                await self._writer.rollback()  # nothing to do where none is open
        except sqlite3.Error as error:
            logger.bind(event="rollback:failed", error_type=type(error).__name__).warning(
                "rollback failed, replacing the writer's connection"
            )
            await self._replace_writer()
        finally:
            self._writer_limiter.release()

    async def _replace_writer(self) -> None:
        broken, self._writer = self._writer, await self.get_connection()
        self._busy_timeout = self._policy.client_statement_timeout
        if broken is not None:
            with contextlib.suppress(sqlite3.Error):
                await broken.close()
