"""The database for services: connection pool, transactions, locks."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from piccolo.querystring import QueryString

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.failures import is_conflict
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.postgres import PooledPostgresEngine
from auth_api.kit.db.sqlite import PooledSQLiteEngine
from auth_api.kit.metrics import TRANSACTIONS_RETRIED

T = TypeVar("T")
Engine = PooledPostgresEngine | PooledSQLiteEngine

SERVICE: Final = "database"
"""The name of the database's circuit breaker."""

MAX_ATTEMPTS: Final = 3
"""Maximum number of attempts of a transaction, if each ends in a conflict."""


_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)


def after_commit(callback: Callable[[], None]) -> None:
    """Call a function once the current transaction is committed, or immediately outside of a transaction.

    After a rollback it is not called.
    """
    callbacks = _after_commit.get()
    if callbacks is None:
        callback()
    else:
        callbacks.append(callback)


def create_engine(policy: DatabasePolicy) -> Engine:
    """Create the engine, without connecting."""
    return PooledPostgresEngine(policy) if policy.postgres_dsn else PooledSQLiteEngine(policy)


def create_migrating_engine(policy: DatabasePolicy) -> Engine:
    """Create an engine for migrations: it may create the SQLite file, and statements have no time limit."""
    if policy.sqlite_path:
        return create_engine(msgspec.structs.replace(policy, creates_file=True))
    return PooledPostgresEngine(policy, limits_statements=False)


@dataclass(frozen=True, slots=True)
class Database:
    """The database of this process. There is one per process: Piccolo stores the engine in its table classes."""

    engine: Engine

    @property
    def supports_arrays(self) -> bool:
        """Whether one parameter may contain several values (`= ANY`)."""
        return isinstance(self.engine, PooledPostgresEngine)

    @property
    def supports_writable_ctes(self) -> bool:
        """Whether one statement may change several tables (`WITH a AS (UPDATE …), b AS (INSERT …)`)."""
        return isinstance(self.engine, PooledPostgresEngine)

    @property
    def supports_table_locks(self) -> bool:
        """Whether a transaction can lock a table. On SQLite, a transaction that writes excludes all others anyway."""
        return isinstance(self.engine, PooledPostgresEngine)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the connection pool, and close it at the end. PostgreSQL may be down; the SQLite file must exist."""
        await self.engine.start_connection_pool()
        try:
            yield
        finally:
            await self.engine.close_connection_pool()

    async def ping(self) -> None:
        """Execute a trivial query, bypassing the circuit breaker, whose probe this is."""
        await self.engine.ping()

    @property
    def sorts_by_language(self) -> bool:
        """Whether `<` and usual indexes sort texts by the rules of a language, and only `~<~` sorts them by bytes."""
        return isinstance(self.engine, PooledPostgresEngine)

    async def try_lock(self, number: int) -> bool:
        """Take an advisory lock until the end of the current transaction, without waiting.

        Returns:
            False if another transaction holds it. On SQLite always True: only one transaction at a time may write.
        """
        taken = QueryString("SELECT pg_try_advisory_xact_lock({}) AS taken", number)
        return bool((await self.engine.run_querystring(taken))[0]["taken"])

    async def transaction(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await `work` in one transaction: all of its statements take effect, or none.

        An exception from `work` rolls back and is raised. To reject a request and still keep a change (a revocation),
        return the decision from `work` and raise outside of the transaction.

        After a deadlock or a serialization conflict `work` is executed again, so it must have no effect outside of the
        database. Within another transaction, `work` is part of that transaction.

        Raises:
            DatabaseUnavailableException: the database failed, or it is unknown whether the COMMIT took effect.
            CircuitBreakerOpenException: the circuit breaker of the database is open.
            ServerOverloadedException: no connection became free in time.
        """
        if self.engine.transaction_exists():
            return await work()  # only the outer transaction can be committed or repeated
        return await _transaction(self.engine, work)

    async def statement(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await `work`, which must be one statement: a transaction without the round trips of BEGIN and COMMIT.

        Conflicts and errors are handled as in `transaction`. Within a transaction, `work` is part of it.
        """
        if self.engine.transaction_exists():
            return await work()
        return await _statement(work)


@circuit_breaker(service=SERVICE)
async def _transaction(engine: Engine, work: Callable[[], Awaitable[T]]) -> T:
    """For the breaker, acquiring a connection, BEGIN, all statements and COMMIT are one call."""
    return await _retry_conflicts(lambda: _run_once(engine, work))


@circuit_breaker(service=SERVICE)
async def _statement(work: Callable[[], Awaitable[T]]) -> T:
    """For the breaker, all attempts are one call."""
    return await _retry_conflicts(work)


async def _retry_conflicts(work: Callable[[], Awaitable[T]]) -> T:
    attempt = 1
    while True:
        try:
            return await work()
        except Exception as error:
            if attempt == MAX_ATTEMPTS or not is_conflict(error):
                raise
        TRANSACTIONS_RETRIED.inc()
        await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - spreads load, guards nothing
        attempt += 1


async def _run_once(engine: Engine, work: Callable[[], Awaitable[T]]) -> T:
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
