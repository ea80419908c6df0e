"""The pool of PostgreSQL: opened without connecting, sized and configured, clean after cancelled requests."""

import asyncio
import socket
from contextlib import AsyncExitStack

import asyncpg
import msgspec
import pytest

from auth_api.kit.db.database import Database, create_engine, create_migrating_engine
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.postgres import PooledPostgresEngine
from auth_api.kit.errors import DatabaseUnavailableException
from tests.support.processes import free_port
from tests.support.scratch import Scratch, ScratchFactory, idle_connections
from tests.support.waiting import TIMEOUT_SECONDS, until

pytestmark = pytest.mark.engine("postgres")


def pool_of(scratch: Scratch) -> asyncpg.Pool:
    engine = scratch.engine
    assert isinstance(engine, PooledPostgresEngine)
    assert engine.pool is not None
    return engine.pool


async def sessions(scratch: Scratch) -> int:
    """Return the number of connections to this database, without the one that asks."""
    return int(
        await scratch.value(
            "SELECT count(*) AS number FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'auth_api'"
        )
    )


async def test_pool_opens_while_the_server_is_down(scratch: Scratch) -> None:
    """The application starts, is live but not ready, and connects once the database is up."""
    nowhere = DatabasePolicy(postgres_dsn=f"postgresql://user@127.0.0.1:{free_port()}/nothing")
    database = Database(create_engine(nowhere))

    async with database.opened():
        with pytest.raises(OSError, match="Connect call failed"):
            await database.ping()
        with pytest.raises(DatabaseUnavailableException):
            await database.transaction(scratch.keys)

    assert scratch.breaker.snapshot().failures == 1


async def test_server_that_accepts_and_never_responds_is_an_outage(scratch: Scratch) -> None:
    """Such is a dead host behind a load balancer: only the time limit for connecting ends the wait."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=64)  # the kernel accepts connections that no process reads
    port = silent.getsockname()[1]
    database = Database(
        create_engine(DatabasePolicy(postgres_dsn=f"postgresql://user@127.0.0.1:{port}/nothing", connect_timeout=0.1))
    )

    async with AsyncExitStack() as stack:
        stack.enter_context(silent)
        await stack.enter_async_context(database.opened())
        for number in range(1, 25):  # more often than the size of the pool
            async with asyncio.timeout(TIMEOUT_SECONDS):
                with pytest.raises(DatabaseUnavailableException):
                    await database.transaction(scratch.keys)
            assert scratch.breaker.snapshot().failures == number


async def test_pool_grows_to_its_size_and_no_further(scratch: Scratch) -> None:
    await asyncio.gather(*(scratch.database.transaction(lambda: scratch.add(1)) for _ in range(50)))

    assert pool_of(scratch).get_size() <= 3
    assert await scratch.can_open(3)
    assert pool_of(scratch).get_size() == 3


async def test_sessions_have_a_name_a_time_limit_and_utc(scratch_with: ScratchFactory) -> None:
    async with scratch_with(statement_timeout=59.5) as scratch:
        settings = {
            name: await scratch.value(f"SELECT current_setting('{name}') AS value")
            for name in ("application_name", "statement_timeout", "TimeZone")
        }

    assert settings == {"application_name": "auth_api", "statement_timeout": "59500ms", "TimeZone": "UTC"}


async def test_statement_timeout_of_0_is_not_sent_and_still_limits_the_client(scratch_with: ScratchFactory) -> None:
    """Some poolers reject the parameter and cannot be configured."""
    async with scratch_with(statement_timeout=0, connect_timeout=58) as scratch:
        assert await scratch.value("SELECT source FROM pg_settings WHERE name = 'statement_timeout'") == "default"
        assert scratch.policy.client_statement_timeout == 5
        engine = scratch.engine
        assert isinstance(engine, PooledPostgresEngine)
        connection = await engine.acquire()
        assert connection._config.command_timeout == 63  # noqa: SLF001 - asyncpg has no public name for it
        await engine.release(connection, clean=True)


@pytest.mark.parametrize(("limit", "source"), [(5.0, "client"), (0.0, "default")])
async def test_migrations_disable_a_time_limit_that_may_be_sent(
    policy: DatabasePolicy, limit: float, source: str
) -> None:
    engine = create_migrating_engine(msgspec.structs.replace(policy, statement_timeout=limit))
    assert isinstance(engine, PooledPostgresEngine)
    connection = await engine.get_new_connection()
    query = "SELECT setting, source FROM pg_settings WHERE name = 'statement_timeout'"
    rows = await connection.fetch(query)
    await connection.close()

    assert [dict(row) for row in rows] == [{"setting": "0", "source": source}]


async def test_connection_of_a_cancelled_request_is_in_no_transaction(scratch_with: ScratchFactory) -> None:
    async with scratch_with(max_pool_size=1) as scratch:
        inside = asyncio.Event()

        async def work() -> None:
            await scratch.add(1)
            inside.set()
            await scratch.run("SELECT pg_sleep(3600)")

        task = asyncio.create_task(scratch.database.transaction(work))
        await inside.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

        assert await scratch.database.transaction(scratch.keys) == []
        assert pool_of(scratch).get_size() == 1


async def test_connections_without_a_pool_are_closed(scratch: Scratch, policy: DatabasePolicy) -> None:
    unpooled = Scratch(policy, scratch.breaker)
    before = await sessions(scratch)

    async def failing() -> None:
        await unpooled.add(3)
        raise LookupError

    await unpooled.add(1)
    await unpooled.database.transaction(lambda: unpooled.add(2))
    with pytest.raises(LookupError):
        await unpooled.database.transaction(failing)

    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            if await sessions(scratch) == before:
                break
            await asyncio.sleep(0.01)
    assert await scratch.keys() == [1, 2]


async def test_all_connections_are_idle_after_many_cancellations(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.add(1)
        await scratch.run("SELECT pg_sleep(0.002)")

    tasks = [asyncio.create_task(scratch.database.transaction(work)) for _ in range(200)]
    for number, task in enumerate(tasks):
        asyncio.get_running_loop().call_later(number / 2000, task.cancel)
    await asyncio.wait(tasks)

    await until(lambda: idle_connections(scratch) == pool_of(scratch).get_size())
    assert await scratch.can_open(3)
