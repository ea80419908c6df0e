"""Behaviour of both engines, besides transactions."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from auth_api.kit.breaker.policy import BreakerState
from auth_api.kit.db.database import create_engine
from auth_api.kit.db.expressions import EPOCH_NOW, as_datetime
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.pool_limiter import PoolLimiter
from auth_api.kit.errors import ServerOverloadedException
from tests.support.scratch import Scratch, ScratchFactory, shorten_waits_for_connections

CLOSED = BreakerState(state="closed", failures=0, retry_after=0)


async def test_database_clock_is_the_present_time_in_utc(scratch: Scratch) -> None:
    before = datetime.now(UTC)

    now = as_datetime(await scratch.value("SELECT clock_timestamp() AS now"))

    assert now.utcoffset() == timedelta()
    assert before - timedelta(seconds=1) <= now <= datetime.now(UTC) + timedelta(seconds=1)


async def test_epoch_of_the_database_is_the_present_time_in_seconds(scratch: Scratch) -> None:
    before = time.time()

    now = await scratch.value(f"SELECT {EPOCH_NOW} AS now")

    assert before - 1 <= now <= time.time() + 1


async def test_database_clock_advances_within_a_transaction(scratch: Scratch) -> None:
    """`now()` would return the time of its beginning."""

    async def work() -> tuple[datetime, datetime]:
        first = as_datetime(await scratch.value("SELECT clock_timestamp() AS now"))
        await asyncio.sleep(0.01)
        return first, as_datetime(await scratch.value("SELECT clock_timestamp() AS now"))

    first, second = await scratch.database.transaction(work)

    assert second - first >= timedelta(milliseconds=5)


async def test_full_pool_fails_after_its_timeout(scratch_with: ScratchFactory) -> None:
    async with scratch_with(max_pool_size=1) as scratch:
        inside, done = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            inside.set()
            await done.wait()

        holder = asyncio.create_task(scratch.database.transaction(hold))
        await inside.wait()
        shorten_waits_for_connections(scratch)
        with pytest.raises(ServerOverloadedException) as refused:
            await scratch.database.transaction(lambda: scratch.add(1))
        with pytest.raises(ServerOverloadedException):
            await scratch.add(1)
        done.set()
        await holder

        assert refused.value.headers == {"Retry-After": "1"}
        assert await scratch.database.transaction(scratch.keys) == []
        assert scratch.breaker.snapshot() == CLOSED


async def test_waiting_transaction_gets_the_connection_that_becomes_free(scratch_with: ScratchFactory) -> None:
    async with scratch_with(max_pool_size=1) as scratch:
        inside = asyncio.Event()

        async def hold() -> None:
            inside.set()
            await asyncio.sleep(0.02)

        holder = asyncio.create_task(scratch.database.transaction(hold))
        await inside.wait()

        await scratch.database.transaction(lambda: scratch.add(1))

        assert await scratch.keys() == [1]
        await holder


async def test_limiter_loses_no_slot_to_cancelled_and_timed_out_waits() -> None:
    limiter = PoolLimiter("connections", 2, timeout=0.01)
    await limiter.acquire()
    await limiter.acquire()

    waiting = [asyncio.create_task(limiter.acquire()) for _ in range(20)]
    await asyncio.sleep(0)
    for task in waiting[:10]:
        task.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 10 + [ServerOverloadedException] * 10

    limiter.release()
    limiter.release()
    await limiter.acquire()
    async with limiter:
        with pytest.raises(ServerOverloadedException):
            await limiter.acquire()


async def test_engine_works_without_a_pool(scratch: Scratch, policy: DatabasePolicy) -> None:
    """As under the `piccolo` command."""
    unpooled = Scratch(policy, scratch.breaker)

    await unpooled.add(1)
    await unpooled.database.transaction(lambda: unpooled.add(2))
    with pytest.raises(ZeroDivisionError):
        await unpooled.database.transaction(lambda: failing(unpooled))
    await unpooled.database.ping()

    assert await unpooled.keys() == [1, 2]


async def failing(scratch: Scratch) -> None:
    await scratch.add(3)
    raise ZeroDivisionError


async def test_closed_pool_may_be_opened_again(scratch: Scratch) -> None:
    await scratch.engine.close_connection_pool()
    await scratch.add(1)
    await scratch.engine.start_connection_pool()

    assert await scratch.database.transaction(scratch.keys) == [1]


@pytest.mark.parametrize(
    ("policy", "kind", "place"),
    [
        (DatabasePolicy(sqlite_path="/var/lib/auth.db"), "SQLite", "/var/lib/auth.db"),
        (
            DatabasePolicy(postgres_dsn="postgresql://ada:hunter2@db.example.com:5433/auth?sslmode=require"),
            "PostgreSQL",
            "db.example.com:5433/auth",
        ),
        (DatabasePolicy(postgres_dsn="postgresql://ada:hun@ter2@db/auth"), "PostgreSQL", "db/auth"),
    ],
)
def test_policy_repr_contains_no_password(policy: DatabasePolicy, kind: str, place: str) -> None:
    assert (repr(policy), policy.kind, policy.place) == (f"DatabasePolicy({kind})", kind, place)


def test_engine_is_created_without_connecting() -> None:
    create_engine(DatabasePolicy(sqlite_path="/nowhere/at/all.db"))
    create_engine(DatabasePolicy(postgres_dsn="postgresql://user@127.0.0.1:9/nothing"))
