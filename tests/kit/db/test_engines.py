"""What both engines have in common beside transactions."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from auth_api.kit.breaker.policy import BreakerState
from auth_api.kit.db.database import create_engine
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.pool_limiter import PoolLimiter
from auth_api.kit.db.rows import moment
from auth_api.kit.errors import ServerOverloadedException
from tests.support.scratch import Scratch, ScratchFactory

CLOSED = BreakerState(state="closed", failures=0, retry_after=0)


async def test_the_database_s_clock_is_the_present_in_utc(scratch: Scratch) -> None:
    before = datetime.now(UTC)

    told = moment(await scratch.value("SELECT clock_timestamp() AS now"))

    assert told.utcoffset() == timedelta()
    assert before - timedelta(seconds=1) <= told <= datetime.now(UTC) + timedelta(seconds=1)


async def test_the_database_s_clock_goes_on_within_a_transaction(scratch: Scratch) -> None:
    """`now()` would stand still at its beginning."""

    async def work() -> tuple[datetime, datetime]:
        first = moment(await scratch.value("SELECT clock_timestamp() AS now"))
        await asyncio.sleep(0.01)
        return first, moment(await scratch.value("SELECT clock_timestamp() AS now"))

    first, second = await scratch.database.transaction(work)

    assert second - first >= timedelta(milliseconds=5)


async def test_a_full_pool_is_an_answer_and_no_endless_wait(scratch_with: ScratchFactory) -> None:
    async with scratch_with(max_pool_size=1, pool_timeout=0.05, statement_timeout=0.05) as scratch:
        inside, done = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            inside.set()
            await done.wait()

        holder = asyncio.create_task(scratch.database.transaction(hold))
        await inside.wait()
        with pytest.raises(ServerOverloadedException) as refused:
            await scratch.database.transaction(lambda: scratch.add(1))
        with pytest.raises(ServerOverloadedException):
            await scratch.add(1)
        done.set()
        await holder

        assert refused.value.headers == {"Retry-After": "1"}
        assert await scratch.database.transaction(scratch.keys) == []
        assert scratch.breaker.snapshot() == CLOSED


async def test_who_waits_gets_the_place_that_becomes_free(scratch_with: ScratchFactory) -> None:
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


async def test_slots_come_back_from_those_who_left_and_those_who_waited_too_long() -> None:
    slots = PoolLimiter("places", 2, timeout=0.01)
    await slots.acquire()
    await slots.acquire()

    waiting = [asyncio.create_task(slots.acquire()) for _ in range(20)]
    await asyncio.sleep(0)
    for task in waiting[:10]:
        task.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 10 + [ServerOverloadedException] * 10

    slots.release()
    slots.release()
    await slots.acquire()
    async with slots:
        with pytest.raises(ServerOverloadedException):
            await slots.acquire()


async def test_without_a_pool_everything_works_on_connections_of_its_own(
    scratch: Scratch, policy: DatabasePolicy
) -> None:
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


async def test_a_pool_may_be_closed_and_opened_again(scratch: Scratch) -> None:
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
def test_a_policy_shows_no_password(policy: DatabasePolicy, kind: str, place: str) -> None:
    assert (repr(policy), policy.kind, policy.place) == (f"DatabasePolicy({kind})", kind, place)


def test_an_engine_is_made_without_connecting() -> None:
    create_engine(DatabasePolicy(sqlite_path="/nowhere/at/all.db"))
    create_engine(DatabasePolicy(postgres_dsn="postgresql://nobody@127.0.0.1:9/nothing"))
