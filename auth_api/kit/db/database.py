"""The database as services see it: open, ask whether it answers, do something in one transaction."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from piccolo.querystring import QueryString

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.failures import CONFLICTS
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.postgres import PooledPostgresEngine
from auth_api.kit.db.sqlite import PooledSQLiteEngine
from auth_api.kit.metrics import TRANSACTIONS_RETRIED

T = TypeVar("T")
Engine = PooledPostgresEngine | PooledSQLiteEngine

SERVICE = "database"
"""The name under which the breaker guards it."""

ATTEMPTS = 3
"""How often a transaction is begun that another one made the server roll back."""


_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)


def after_commit(callback: Callable[[], None]) -> None:
    """Call this once the current transaction is committed, and never if it is not; at once outside of one."""
    callbacks = _after_commit.get()
    if callbacks is None:
        callback()
    else:
        callbacks.append(callback)


def create_engine(policy: DatabasePolicy) -> Engine:
    """Make the engine, without connecting."""
    return PooledPostgresEngine(policy) if policy.postgres_dsn else PooledSQLiteEngine(policy)


def create_migrating_engine(policy: DatabasePolicy) -> Engine:
    """Make an engine that may create the database's file, and whose statements take as long as a migration does."""
    if policy.sqlite_path:
        return create_engine(msgspec.structs.replace(policy, creates_file=True))
    return create_engine(msgspec.structs.replace(policy, statement_timeout=0))


@dataclass(frozen=True, slots=True)
class Database:
    """One engine, of which a process has one: Piccolo keeps it in its table classes."""

    engine: Engine

    @property
    def takes_lists(self) -> bool:
        """Tell whether one parameter may be several values (`= ANY`)."""
        return isinstance(self.engine, PooledPostgresEngine)

    @property
    def changes_several_tables(self) -> bool:
        """Tell whether one statement may (`WITH a AS (UPDATE …), b AS (INSERT …)`)."""
        return isinstance(self.engine, PooledPostgresEngine)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep the pool open in this context. PostgreSQL may be down; SQLite's file must be there."""
        await self.engine.start_connection_pool()
        try:
            yield
        finally:
            await self.engine.close_connection_pool()

    async def ping(self) -> None:
        """Ask for nothing, past the breaker: this is what finds out that the database is back."""
        await self.engine.ping()

    async def try_lock(self, number: int) -> bool:
        """Take a lock that ends with the current transaction. False if another one has it: nobody waits.

        SQLite lets one transaction write at a time, which therefore has every lock.
        """
        taken = QueryString("SELECT pg_try_advisory_xact_lock({}) AS taken", number)
        return bool((await self.engine.run_querystring(taken))[0]["taken"])

    async def transaction(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await the work in one transaction: all of its statements take effect, or none.

        An exception from the work rolls back and comes through. What must be kept although the request is refused
        (a revocation) is therefore returned from the work as a decision, and raised outside.

        A deadlock or serialization conflict repeats the work: it must not do anything but ask the database.
        Within another transaction the work is a part of that one.

        Raises:
            DatabaseUnavailableException: the database failed, or it is unknown whether the COMMIT took effect.
            CircuitBreakerOpenException: the database is not asked at present.
            ServerOverloadedException: no connection became free in time.
        """
        if self.engine.transaction_exists():
            return await work()  # only the whole can be committed, or repeated
        return await _transaction(self.engine, work)

    async def statement(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await work that is one statement: a transaction of its own, without the two round trips of BEGIN and COMMIT.

        Conflicts repeat it, and errors are told, as in `transaction`; within one the work is a part of that.
        """
        if self.engine.transaction_exists():
            return await work()
        return await _statement(work)


@circuit_breaker(service=SERVICE)
async def _transaction(engine: Engine, work: Callable[[], Awaitable[T]]) -> T:
    """Acquire, BEGIN, every statement and COMMIT are one call to the breaker."""
    return await _without_conflict(lambda: _once(engine, work))


@circuit_breaker(service=SERVICE)
async def _statement(work: Callable[[], Awaitable[T]]) -> T:
    """All attempts are one call to the breaker."""
    return await _without_conflict(work)


async def _without_conflict(attempted: Callable[[], Awaitable[T]]) -> T:
    attempt = 1
    while True:
        try:
            return await attempted()
        except CONFLICTS:
            if attempt == ATTEMPTS:
                raise
        TRANSACTIONS_RETRIED.inc()
        await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - spreads load, guards nothing
        attempt += 1


async def _once(engine: Engine, work: Callable[[], Awaitable[T]]) -> T:
    callbacks: list[Callable[[], None]] = []
    token = _after_commit.set(callbacks)
    try:
        async with engine.transaction():
            result = await work()
    finally:
        _after_commit.reset(token)
    for callback in callbacks:
        callback()
    return result
