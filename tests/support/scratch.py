"""A database with one small table and without the application, to test transactions and pools."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from piccolo.querystring import QueryString

from auth_api.kit.breaker.breaker import ServiceBreaker, breakers
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.db import failures
from auth_api.kit.db.database import SERVICE, Database, Engine, create_engine
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.postgres import PooledPostgresEngine
from tests.support.clock import MovableMonotonicClock
from tests.support.waiting import TIMEOUT_SECONDS


class Scratch:
    """A database with a breaker and the table `scratch`."""

    def __init__(self, policy: DatabasePolicy, breaker: ServiceBreaker) -> None:
        self.policy = policy
        self.breaker = breaker
        self.database = Database(create_engine(policy))

    @property
    def engine(self) -> Engine:
        """The engine of the database."""
        return self.database.engine

    async def run(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Execute one statement, in the current transaction if there is one; `{}` is a placeholder for a value."""
        return [dict(row) for row in await self.engine.run_querystring(QueryString(statement, *values)) or ()]

    async def value(self, statement: str) -> Any:
        """Return the first column of the first row."""
        (row, *_) = await self.run(statement)
        return next(iter(row.values()))

    async def add(self, key: int) -> None:
        """Insert a row."""
        await self.run("INSERT INTO scratch (key) VALUES ({})", key)

    async def keys(self) -> list[int]:
        """Return the keys of all rows, in order."""
        return [row["key"] for row in await self.run("SELECT key FROM scratch ORDER BY key")]

    async def can_open(self, transactions: int) -> bool:
        """Return whether this number of transactions can be open at the same time."""
        barrier = asyncio.Barrier(transactions)

        async def work() -> None:
            await self.run("SELECT 1")
            await barrier.wait()

        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asyncio.gather(*(self.database.transaction(work) for _ in range(transactions)))
        return True


def shorten_waits_for_connections(scratch: Scratch) -> None:
    """Let all further waits for a connection end soon, but neither statements nor waits for locks."""
    engine: Any = scratch.engine
    limiter = engine._limiter if engine.engine_type == "postgres" else engine._writer_limiter  # noqa: SLF001 - their limits cannot be changed later
    limiter._timeout = 0.01  # noqa: SLF001 - as above


def idle_connections(scratch: Scratch) -> int:
    """Return the number of connections to PostgreSQL that are not in use, in the pool and in the cache."""
    engine = scratch.engine
    assert isinstance(engine, PooledPostgresEngine)
    assert engine.connections is not None
    assert engine.pool is not None
    return int(engine.pool.get_idle_size()) + engine.connections.idle_count


ScratchFactory = Callable[..., AbstractAsyncContextManager[Scratch]]


@asynccontextmanager
async def scratch_database(policy: DatabasePolicy) -> AsyncIterator[Scratch]:
    """Open a database with an empty table; its breaker opens after a thousand failures, and stays open."""
    installed = breakers.get(SERVICE)
    breaker = ServiceBreaker(
        SERVICE,
        BreakerPolicy(failure_threshold=1000),
        is_failure=failures.is_outage,
        translate=failures.translate,
        clock=MovableMonotonicClock(),
    )
    scratch = Scratch(policy, breaker)
    breakers.install(breaker)
    try:
        async with scratch.database.opened():
            await scratch.run("DROP TABLE IF EXISTS scratch")
            await scratch.run("CREATE TABLE scratch (key INTEGER NOT NULL)")
            yield scratch
    finally:
        breakers.install(installed)
