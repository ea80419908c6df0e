"""The connection cache: it reuses usable connections, for a limited time, without the pool."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from auth_api.kit.db.connection_cache import ConnectionCache
from auth_api.kit.db.policy import DatabasePolicy
from tests.support.waiting import TIMEOUT_SECONDS, until

pytestmark = pytest.mark.engine("postgres")

LONG_SECONDS = 3600.0
SHORT_SECONDS = 0.02


@pytest.fixture
async def pool(policy: DatabasePolicy) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(policy.postgres_dsn, min_size=0, max_size=2) as pool:
        yield pool


@pytest.fixture
async def cache(pool: asyncpg.Pool) -> AsyncIterator[ConnectionCache]:
    connections = ConnectionCache(pool, TIMEOUT_SECONDS, loan_seconds=LONG_SECONDS)
    yield connections
    await connections.close()


async def cache_two(cache: ConnectionCache) -> set[int]:
    """Cache two connections, and return the process ids of their sessions."""
    both = [await cache.acquire(), await cache.acquire()]
    pids = {connection.get_server_pid() for connection in both}  # before the release, which may end their loan
    for connection in both:
        await cache.release(connection, clean=True)
    return pids


async def test_clean_connection_is_reused(cache: ConnectionCache, pool: asyncpg.Pool) -> None:
    first = await cache.acquire()
    await cache.release(first, clean=True)
    second = await cache.acquire()

    assert second is first
    assert (cache.idle_count, pool.get_idle_size()) == (0, 0)
    await cache.release(second, clean=True)
    assert (cache.idle_count, pool.get_idle_size()) == (1, 0)


async def test_unclean_connection_returns_to_the_pool(cache: ConnectionCache, pool: asyncpg.Pool) -> None:
    await cache.release(await cache.acquire(), clean=False)

    assert (cache.idle_count, pool.get_idle_size()) == (0, 1)


async def test_connection_in_a_transaction_returns_to_the_pool(cache: ConnectionCache, pool: asyncpg.Pool) -> None:
    connection = await cache.acquire()
    await connection.execute("BEGIN")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            asyncio.get_running_loop(), "call_exception_handler", lambda _: None
        )  # asyncpg reports that it rolls back
        await cache.release(connection, clean=True)

    assert (cache.idle_count, pool.get_idle_size()) == (0, 1)
    again = await cache.acquire()
    assert not again.is_in_transaction()
    await cache.release(again, clean=True)


async def test_connection_that_died_in_the_cache_is_not_reused(
    cache: ConnectionCache, pool: asyncpg.Pool, policy: DatabasePolicy
) -> None:
    dead = await cache_two(cache)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        administrator = await asyncpg.connect(policy.postgres_dsn)
        for pid in dead:
            await administrator.execute("SELECT pg_terminate_backend($1)", pid)
        await administrator.close()
    await until(lambda: pool.get_size() == 0)

    both = [await cache.acquire(), await cache.acquire()]

    assert not dead & {connection.get_server_pid() for connection in both}
    for connection in both:
        assert await connection.fetchval("SELECT 1") == 1
        await cache.release(connection, clean=True)


async def test_connection_that_died_in_use_frees_its_slot_in_the_pool(
    cache: ConnectionCache, pool: asyncpg.Pool
) -> None:
    for _ in range(4):  # more than the size of the pool
        connection = await cache.acquire()
        connection.terminate()
        await cache.release(connection, clean=True)

    assert (cache.idle_count, pool.get_size()) == (0, 0)


async def test_idle_connection_returns_to_the_pool_when_its_loan_ends(pool: asyncpg.Pool) -> None:
    cache = ConnectionCache(pool, TIMEOUT_SECONDS, loan_seconds=SHORT_SECONDS)

    await cache_two(cache)

    await until(lambda: (cache.idle_count, pool.get_idle_size()) == (0, 2))


async def test_connection_in_use_returns_to_the_pool_after_its_loan_ended(pool: asyncpg.Pool) -> None:
    cache = ConnectionCache(pool, TIMEOUT_SECONDS, loan_seconds=SHORT_SECONDS)
    connection = await cache.acquire()
    await connection.execute("SELECT pg_sleep($1)", 2 * SHORT_SECONDS)
    await asyncio.sleep(SHORT_SECONDS)

    await cache.release(connection, clean=True)

    assert (cache.idle_count, pool.get_idle_size()) == (0, 1)


async def test_expire_replaces_all_connections_of_a_generation_once(cache: ConnectionCache, pool: asyncpg.Pool) -> None:
    await cache_two(cache)
    first, second = await cache.acquire(), await cache.acquire()
    before = {first.get_server_pid(), second.get_server_pid()}
    await cache.release(second, clean=True)

    assert [await cache.expire(first), await cache.expire(first)] == [True, False]

    assert cache.idle_count == 0
    await cache.release(first, clean=True)
    assert cache.idle_count == 0
    assert not before & await cache_two(cache)
    assert pool.get_size() == 2


async def test_closed_cache_keeps_no_connection(pool: asyncpg.Pool) -> None:
    cache = ConnectionCache(pool, TIMEOUT_SECONDS, loan_seconds=LONG_SECONDS)
    await cache_two(cache)
    in_use = await cache.acquire()

    await cache.close()
    assert (cache.idle_count, pool.get_idle_size()) == (0, 1)

    await cache.release(in_use, clean=True)
    assert (cache.idle_count, pool.get_idle_size()) == (0, 2)


class FailingPool:
    """Fails to take back a connection, once the test lets it continue."""

    def __init__(self) -> None:
        self.may_continue = asyncio.Event()

    async def release(self, _: Any, **__: float) -> None:
        await asyncio.shield(self._release())  # as asyncpg does

    async def _release(self) -> None:
        await self.may_continue.wait()
        raise TimeoutError


async def test_failed_return_after_the_caller_was_cancelled_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncpg's own shield would leave a task whose exception is never retrieved."""
    reports: list[Any] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_exception_handler", reports.append)
    pool: Any = FailingPool()
    cache = ConnectionCache(pool, TIMEOUT_SECONDS, loan_seconds=LONG_SECONDS)
    connection: Any = object()
    caller = asyncio.create_task(cache.release(connection, clean=False))
    await asyncio.sleep(0.01)

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    pool.may_continue.set()
    await cache.close()
    await asyncio.sleep(0.01)
    gc.collect()

    assert reports == []
