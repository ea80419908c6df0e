"""A database with one small table, below the application: for what transactions and pools promise."""

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


class Scratch:
    """A database, the breaker before it, and its table `scratch`."""

    def __init__(self, policy: DatabasePolicy, breaker: ServiceBreaker) -> None:
        self.policy = policy
        self.breaker = breaker
        self.database = Database(create_engine(policy))

    @property
    def engine(self) -> Engine:
        """The engine under the database."""
        return self.database.engine

    async def run(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run one statement, in the transaction of the task if there is one; `{}` stands for a value."""
        return [dict(row) for row in await self.engine.run_querystring(QueryString(statement, *values)) or ()]

    async def value(self, statement: str) -> Any:
        """Return the first column of the first row."""
        (row, *_) = await self.run(statement)
        return next(iter(row.values()))

    async def add(self, key: int) -> None:
        """Insert a row."""
        await self.run("INSERT INTO scratch (key) VALUES ({})", key)

    async def keys(self) -> list[int]:
        """Return what the rows hold, in order."""
        return [row["key"] for row in await self.run("SELECT key FROM scratch ORDER BY key")]

    async def has_room_for(self, transactions: int) -> bool:
        """Tell whether so many transactions can be open at once."""
        barrier = asyncio.Barrier(transactions)

        async def work() -> None:
            await self.run("SELECT 1")
            await barrier.wait()

        async with asyncio.timeout(5):
            await asyncio.gather(*(self.database.transaction(work) for _ in range(transactions)))
        return True


def idle_connections(scratch: Scratch) -> int:
    """How many connections to PostgreSQL nobody uses: those in the pool, and those at hand."""
    engine = scratch.engine
    assert isinstance(engine, PooledPostgresEngine)
    assert engine.connections is not None
    assert engine.pool is not None
    return int(engine.pool.get_idle_size()) + engine.connections.free


ScratchFactory = Callable[..., AbstractAsyncContextManager[Scratch]]


@asynccontextmanager
async def scratch_database(policy: DatabasePolicy) -> AsyncIterator[Scratch]:
    """Open a database with an empty table in this context; its breaker opens after a thousand failures."""
    usual = breakers.get(SERVICE)
    breaker = ServiceBreaker(
        SERVICE,
        BreakerPolicy(failure_threshold=1000),
        is_failure=failures.is_outage,
        translate=failures.translate,
    )
    scratch = Scratch(policy, breaker)
    breakers.install(breaker)
    try:
        async with scratch.database.opened():
            await scratch.run("DROP TABLE IF EXISTS scratch")
            await scratch.run("CREATE TABLE scratch (key INTEGER NOT NULL)")
            yield scratch
    finally:
        breakers.install(usual)
