"""SQLite: connections that stay open, one of them for all writers.

The stock engine opens a connection and a thread for every query. Here readers share a few, and writers of this process
queue for one instead of meeting "database is locked"; other processes are waited for by SQLite itself.
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
from auth_api.kit.db.raw_sql import compiled
from auth_api.kit.db.sqlite_connection import DurableConnection, create_private
from auth_api.kit.db.transactions import GuardedTransaction

READERS = 2
"""More gain nothing: the interpreter's lock is the limit."""

SHORT_WAIT = 0.1
"""Seconds in a queue that are not worth telling SQLite of."""


class ImmediateTransaction(GuardedTransaction, SQLiteTransaction):
    """Takes the write lock at BEGIN: a read followed by a write can then not fail for a writer in between."""

    async def begin(self) -> None:
        """One hop to the connection's thread, as for every statement here."""
        await self.connection.execute_fetchall("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        """Make it durable."""
        await self.connection.execute_fetchall("COMMIT")

    async def rollback(self) -> None:
        """Undo it."""
        await self.connection.execute_fetchall("ROLLBACK")


class PooledSQLiteEngine(SQLiteEngine):
    """Piccolo's engine on connections that stay open. Without a started pool it behaves as the stock one."""

    lost_connections: Final = ()

    def __init__(self, policy: DatabasePolicy) -> None:
        self._policy = policy
        self._writer: aiosqlite.Connection | None = None
        self._readers: list[aiosqlite.Connection] = []
        self._waits = policy.statement_timeout
        super().__init__(path=str(policy.sqlite_path), factory=DurableConnection, timeout=policy.statement_timeout)

    async def get_connection(self) -> aiosqlite.Connection:
        """Open a connection, outside of a pool to a new file if need be.

        Where that fails its thread is waited for, which would complain of a closed event loop.
        """
        if self._writer is None and self._policy.creates_file:
            await asyncio.to_thread(create_private, self.path)
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
            self._readers = [await self.get_connection() for _ in range(READERS)]
        except BaseException:
            await self.close_connection_pool()
            raise
        self._reader_slots = PoolLimiter("readers", READERS, self._policy.statement_timeout)
        self._writer_slots = PoolLimiter("writer", 1, self._policy.statement_timeout)
        self._idle_readers = list(self._readers)

    async def close_connection_pool(self) -> None:
        """Close all connections; one that stays open would keep the process from ending."""
        connections = [*self._readers, *([self._writer] if self._writer else [])]
        self._writer, self._readers = None, []
        for connection in connections:
            with contextlib.suppress(sqlite3.Error):
                await connection.close()

    async def ping(self) -> None:
        """Read from the file; a mere `SELECT 1` would never touch it."""
        await self.run_ddl("SELECT count(*) FROM sqlite_master")

    async def acquire(self) -> aiosqlite.Connection:
        """Wait for the writer's connection. What the queue took of the time limit is not waited for a lock again.

        Raises:
            ServerOverloadedException: the writers before did not finish in time.
        """
        if self._writer is None:
            return await self.get_connection()
        began = monotonic()
        await self._writer_slots.acquire()
        waited = monotonic() - began
        left = self._policy.statement_timeout - (waited if waited > SHORT_WAIT else 0)
        if left != self._waits:
            try:
                await self._writer.execute_fetchall(f"PRAGMA busy_timeout = {max(0, round(left * 1000))}")
            except BaseException:
                self._writer_slots.release()
                raise
            self._waits = left
        return self._writer

    async def release(self, connection: aiosqlite.Connection, *, clean: bool) -> None:
        """Let the next writer have it, after a rollback unless it is clean."""
        if self._writer is None:
            await connection.close()
        elif clean:
            self._writer_slots.release()
        else:
            # Shielded: the place must come back even if the client has gone away.
            await asyncio.shield(self._recover())

    async def on_error(self, error: BaseException, connection: aiosqlite.Connection) -> None:
        """Nothing: what breaks one connection here is met by the others themselves."""

    def transaction(
        self,
        transaction_type: TransactionType = TransactionType.immediate,
        allow_nested: bool = True,  # noqa: FBT001, FBT002 - Piccolo's signature
    ) -> ImmediateTransaction:
        """Begin a transaction; whatever kind is asked for, it takes the write lock at once."""
        return ImmediateTransaction(self, transaction_type=transaction_type, allow_nested=allow_nested)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - Piccolo's signature
        """Ask in the transaction of the task, or else on whichever connection is for it. Prints nothing."""
        statement, values = compiled(querystring, self.engine_type)
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
            # One statement commits itself, cancelled or not; the next one queues behind it in the same thread.
            self._writer_slots.release()

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
        async with self._reader_slots:
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
            logger.bind(error=type(error).__name__).warning("rollback failed, opening a new connection")
            await self._replace_writer()
        finally:
            self._writer_slots.release()

    async def _replace_writer(self) -> None:
        broken, self._writer = self._writer, await self.get_connection()
        self._waits = self._policy.statement_timeout
        if broken is not None:
            with contextlib.suppress(sqlite3.Error):
                await broken.close()
