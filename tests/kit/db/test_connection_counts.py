"""Metrics of the pool and of transactions."""

import asyncpg
import pytest

from auth_api.kit.db import pool_limiter
from auth_api.kit.db.pool_limiter import PoolLimiter
from auth_api.kit.errors import ServerOverloadedException
from tests.support.exposition import Changes, current
from tests.support.scratch import Scratch, ScratchFactory


@pytest.fixture
def pool(engine: str) -> str:
    """The pool that transactions take their connection from."""
    return "connections" if engine == "postgres" else "writer"


async def test_connection_is_in_use_during_its_transaction(scratch: Scratch, pool: str) -> None:
    changes = Changes()
    seen: list[float] = []

    async def work() -> None:
        seen.append(changes.of("database_connections_in_use", pool=pool))

    await scratch.database.transaction(work)

    assert seen == [1]
    assert changes.of("database_connections_in_use", pool=pool) == 0
    assert changes.of("database_connection_wait_seconds_count", pool=pool) == 1
    assert changes.of("database_connection_wait_seconds_sum", pool=pool) == 0


async def test_failed_transaction_releases_its_connection(scratch: Scratch, pool: str) -> None:
    changes = Changes()

    async def work() -> None:
        await scratch.add(1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await scratch.database.transaction(work)

    assert changes.of("database_connections_in_use", pool=pool) == 0


async def test_single_statement_acquires_and_releases_a_connection(scratch: Scratch, engine: str) -> None:
    changes = Changes()

    await scratch.keys()

    reading = "connections" if engine == "postgres" else "readers"
    assert changes.of("database_connection_wait_seconds_count", pool=reading) == 1
    assert changes.of("database_connections_in_use", pool=reading) == 0


async def test_size_of_the_pool_is_a_metric(scratch_with: ScratchFactory, engine: str, pool: str) -> None:
    async with scratch_with(max_pool_size=7):
        shown = current("database_connections_max", pool=pool)

    assert shown == (7 if engine == "postgres" else 1)


async def test_timeout_and_wait_for_a_connection_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_limiter, "monotonic", iter([1000.0, 1003.5]).__next__)
    changes = Changes()
    limiter = PoolLimiter("test", 1, timeout=0.01)

    async with limiter:
        with pytest.raises(ServerOverloadedException):
            await limiter.acquire()
        assert changes.of("database_connections_in_use", pool="test") == 1

    assert changes.of("database_connections_in_use", pool="test") == 0
    assert changes.of("database_connection_timeouts_total", pool="test") == 1
    assert changes.of("database_connection_wait_seconds_count", pool="test") == 2
    assert changes.of("database_connection_wait_seconds_sum", pool="test") == 3.5


async def test_repeated_transactions_are_counted(scratch: Scratch) -> None:
    changes = Changes()
    conflicts = iter([asyncpg.SerializationError("one"), asyncpg.DeadlockDetectedError("two")])

    async def work() -> None:
        for conflict in conflicts:
            raise conflict

    await scratch.database.transaction(work)

    assert changes.of("database_transactions_retried_total") == 2
