"""Connections at hand: lent again without the pool, but for the time that was agreed on and while they are in order."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from auth_api.kit.db.connection_cache import ConnectionCache
from auth_api.kit.db.policy import DatabasePolicy
from tests.support.waiting import until

pytestmark = pytest.mark.engine("postgres")

LONG = 60.0
SHORT = 0.02


@pytest.fixture
async def pool(policy: DatabasePolicy) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(policy.postgres_dsn, min_size=0, max_size=2) as pool:
        yield pool


@pytest.fixture
async def at_hand(pool: asyncpg.Pool) -> AsyncIterator[ConnectionCache]:
    connections = ConnectionCache(pool, 2, seconds=LONG)
    yield connections
    await connections.close()


async def two_at_hand(at_hand: ConnectionCache) -> set[int]:
    """Leave two at hand, and return their sessions' numbers."""
    both = [await at_hand.acquire(), await at_hand.acquire()]
    numbers = {connection.get_server_pid() for connection in both}  # while they are ours: their time may end
    for connection in both:
        await at_hand.release(connection, clean=True)
    return numbers


async def test_a_connection_that_comes_back_in_order_is_lent_again(
    at_hand: ConnectionCache, pool: asyncpg.Pool
) -> None:
    first = await at_hand.acquire()
    await at_hand.release(first, clean=True)
    second = await at_hand.acquire()

    assert second is first
    assert (at_hand.free, pool.get_idle_size()) == (0, 0)
    await at_hand.release(second, clean=True)
    assert (at_hand.free, pool.get_idle_size()) == (1, 0)


async def test_one_that_is_not_clean_goes_back_to_the_pool(at_hand: ConnectionCache, pool: asyncpg.Pool) -> None:
    await at_hand.release(await at_hand.acquire(), clean=False)

    assert (at_hand.free, pool.get_idle_size()) == (0, 1)


async def test_one_with_an_open_transaction_goes_back_to_the_pool(at_hand: ConnectionCache, pool: asyncpg.Pool) -> None:
    connection = await at_hand.acquire()
    await connection.execute("BEGIN")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            asyncio.get_running_loop(), "call_exception_handler", lambda _: None
        )  # it says that it rolls back
        await at_hand.release(connection, clean=True)

    assert (at_hand.free, pool.get_idle_size()) == (0, 1)
    again = await at_hand.acquire()
    assert not again.is_in_transaction()
    await at_hand.release(again, clean=True)


async def test_one_that_was_closed_meanwhile_is_lent_to_nobody(at_hand: ConnectionCache, pool: asyncpg.Pool) -> None:
    dead = await two_at_hand(at_hand)
    async with asyncio.timeout(5):
        administrator = await asyncpg.connect(*pool._connect_args)  # noqa: SLF001 - to the same place
        for pid in dead:
            await administrator.execute("SELECT pg_terminate_backend($1)", pid)
        await administrator.close()
    await until(lambda: pool.get_size() == 0)

    both = [await at_hand.acquire(), await at_hand.acquire()]

    assert not dead & {connection.get_server_pid() for connection in both}
    for connection in both:
        assert await connection.fetchval("SELECT 1") == 1
        await at_hand.release(connection, clean=True)


async def test_one_that_is_closed_while_it_is_out_leaves_its_place_to_another(
    at_hand: ConnectionCache, pool: asyncpg.Pool
) -> None:
    for _ in range(4):  # more than the pool has places
        connection = await at_hand.acquire()
        connection.terminate()
        await at_hand.release(connection, clean=True)

    assert (at_hand.free, pool.get_size()) == (0, 0)


async def test_a_free_one_goes_back_to_the_pool_in_time(pool: asyncpg.Pool) -> None:
    at_hand = ConnectionCache(pool, 2, seconds=SHORT)

    await two_at_hand(at_hand)

    await until(lambda: (at_hand.free, pool.get_idle_size()) == (0, 2))


async def test_one_that_is_out_when_its_time_ends_goes_back_to_the_pool_afterwards(pool: asyncpg.Pool) -> None:
    at_hand = ConnectionCache(pool, 2, seconds=SHORT)
    connection = await at_hand.acquire()
    await connection.execute("SELECT pg_sleep($1)", 2 * SHORT)
    await asyncio.sleep(SHORT)

    await at_hand.release(connection, clean=True)

    assert (at_hand.free, pool.get_idle_size()) == (0, 1)


async def test_what_one_has_met_replaces_all_of_its_generation_once(
    at_hand: ConnectionCache, pool: asyncpg.Pool
) -> None:
    await two_at_hand(at_hand)
    first, second = await at_hand.acquire(), await at_hand.acquire()
    before = {first.get_server_pid(), second.get_server_pid()}
    await at_hand.release(second, clean=True)

    assert [await at_hand.expire(first), await at_hand.expire(first)] == [True, False]

    assert at_hand.free == 0
    await at_hand.release(first, clean=True)
    assert at_hand.free == 0
    assert not before & await two_at_hand(at_hand)
    assert pool.get_size() == 2


async def test_after_closing_nothing_stays_at_hand(pool: asyncpg.Pool) -> None:
    at_hand = ConnectionCache(pool, 2, seconds=LONG)
    await two_at_hand(at_hand)
    out = await at_hand.acquire()

    await at_hand.close()
    assert (at_hand.free, pool.get_idle_size()) == (0, 1)

    await at_hand.release(out, clean=True)
    assert (at_hand.free, pool.get_idle_size()) == (0, 2)


class UnluckyPool:
    """Takes a connection back only when it is told to, and then fails."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()

    async def release(self, _: Any, **__: float) -> None:
        await asyncio.shield(self._release())  # as asyncpg does

    async def _release(self) -> None:
        await self.goes_on.wait()
        raise TimeoutError


async def test_a_return_that_fails_after_its_caller_has_gone_is_no_surprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncpg's own shield would leave a task behind whose exception nobody asks for."""
    surprises: list[Any] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_exception_handler", surprises.append)
    pool: Any = UnluckyPool()
    at_hand = ConnectionCache(pool, 2, seconds=LONG)
    caller = asyncio.create_task(at_hand.release(object(), clean=False))
    await asyncio.sleep(0.01)

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    pool.goes_on.set()
    await at_hand.close()
    await asyncio.sleep(0.01)
    gc.collect()

    assert surprises == []
