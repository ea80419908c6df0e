"""PostgreSQL failures: no connection is leaked, and only outages count for the breaker."""

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from auth_api.kit.breaker.policy import BreakerState
from auth_api.kit.db.failures import InvalidCallError
from auth_api.kit.db.postgres import PooledConnection, PooledPostgresEngine
from auth_api.kit.errors import DatabaseUnavailableException
from tests.support.log_lines import logged
from tests.support.scratch import Scratch, ScratchFactory, idle_connections
from tests.support.waiting import TIMEOUT_SECONDS, until

pytestmark = pytest.mark.engine("postgres")

CLOSED = BreakerState(state="closed", failures=0, retry_after=0)


def pool_of(scratch: Scratch) -> asyncpg.Pool:
    engine = scratch.engine
    assert isinstance(engine, PooledPostgresEngine)
    assert engine.pool is not None
    return engine.pool


async def wait_until_all_are_idle(scratch: Scratch) -> None:
    await until(lambda: idle_connections(scratch) == pool_of(scratch).get_size())


async def terminate(scratch: Scratch, *pids: int) -> None:
    """Terminate sessions from outside, as an administrator or a failing network does."""
    connection = await asyncpg.connect(scratch.policy.postgres_dsn)
    for pid in pids:
        await connection.execute("SELECT pg_terminate_backend($1)", pid)
    await connection.close()


async def test_failed_close_of_an_expired_connection_is_not_reported(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool closes expired connections in tasks that are not awaited."""
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reports.append(context))
    pool = pool_of(scratch)
    async with pool.acquire():
        pass

    async def time_out(connection: asyncpg.Connection, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        connection.terminate()
        raise TimeoutError

    monkeypatch.setattr(asyncpg.Connection, "close", time_out)
    await pool.expire_connections()
    async with pool.acquire() as connection:
        await connection.execute("SELECT 1")
    gc.collect()

    assert reports == []


async def test_failed_commits_leak_no_connection(scratch_with: ScratchFactory) -> None:
    async with scratch_with(max_pool_size=2) as scratch:
        await scratch.run("ALTER TABLE scratch ADD CONSTRAINT once UNIQUE (key) DEFERRABLE INITIALLY DEFERRED")

        async def work() -> None:
            await scratch.add(1)
            await scratch.add(1)

        async with asyncio.timeout(TIMEOUT_SECONDS):
            for _ in range(30):
                with pytest.raises(DatabaseUnavailableException):
                    await scratch.database.transaction(work)

        await wait_until_all_are_idle(scratch)
        assert await scratch.keys() == []
        assert await scratch.can_open(2)
        assert scratch.breaker.snapshot() == CLOSED


async def test_task_is_in_no_transaction_after_a_failed_commit(scratch: Scratch) -> None:
    await scratch.run("ALTER TABLE scratch ADD CONSTRAINT once UNIQUE (key) DEFERRABLE INITIALLY DEFERRED")
    await scratch.add(1)

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(lambda: scratch.add(1))
    await scratch.add(2)

    assert scratch.engine.transaction_exists() is False
    assert await asyncio.create_task(scratch.keys()) == [1, 2]


async def test_deadlocked_transactions_both_take_effect(scratch: Scratch) -> None:
    """PostgreSQL detects a deadlock after a second (`deadlock_timeout`) and rolls back one of them."""
    await scratch.add(10)
    await scratch.add(20)
    both_hold_one = asyncio.Barrier(2)
    attempts = {"upwards": 0, "downwards": 0}

    async def work(name: str, first: int, second: int) -> None:
        attempts[name] += 1
        await scratch.run("UPDATE scratch SET key = key + 1 WHERE key / 10 = {}", first)
        if sum(attempts.values()) <= 2:
            await both_hold_one.wait()
        await scratch.run("UPDATE scratch SET key = key + 1 WHERE key / 10 = {}", second)

    await asyncio.gather(
        scratch.database.transaction(lambda: work("upwards", 1, 2)),
        scratch.database.transaction(lambda: work("downwards", 2, 1)),
    )

    assert await scratch.keys() == [12, 22]
    assert sorted(attempts.values()) == [1, 2]
    assert scratch.breaker.snapshot() == CLOSED


async def test_conflicting_serializable_transactions_both_take_effect(scratch: Scratch) -> None:
    await scratch.add(0)
    both_have_read = asyncio.Barrier(2)
    attempts: list[int] = []

    async def work() -> None:
        attempts.append(1)
        await scratch.run("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        key = await scratch.value("SELECT key FROM scratch")
        if len(attempts) <= 2:
            await both_have_read.wait()
        await scratch.run("UPDATE scratch SET key = {}", key + 1)

    await asyncio.gather(scratch.database.transaction(work), scratch.database.transaction(work))

    assert (await scratch.keys(), len(attempts)) == ([2], 3)


async def test_terminated_session_fails_only_its_own_transaction(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.add(1)
        await terminate(scratch, await scratch.value("SELECT pg_backend_pid() AS pid"))
        await scratch.add(2)

    for number in range(1, 11):
        with pytest.raises(DatabaseUnavailableException):
            await scratch.database.transaction(work)
        assert scratch.breaker.snapshot().failures == number
        scratch.breaker.close()
        for _ in range(number):
            scratch.breaker._inc_counter()  # noqa: SLF001 - the next failure is counted on top

    await wait_until_all_are_idle(scratch)
    assert await scratch.keys() == []
    assert await scratch.can_open(3)


async def test_session_terminated_before_commit_changes_nothing(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.add(1)
        await terminate(scratch, await scratch.value("SELECT pg_backend_pid() AS pid"))

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(work)

    assert await scratch.keys() == []


async def test_terminated_idle_connections_are_replaced(scratch: Scratch) -> None:
    for _ in range(5):
        assert await scratch.can_open(3)
        rows = await scratch.run(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await terminate(scratch, *(row["pid"] for row in rows))

        for _ in range(3):  # one per connection: each may get one that is not known to be dead yet
            try:
                await scratch.database.transaction(lambda: scratch.add(1))
            except DatabaseUnavailableException:
                continue

        await scratch.database.transaction(lambda: scratch.add(1))
        assert await scratch.can_open(3)


def terminate_all_unnoticed(scratch: Scratch) -> None:
    """Terminate all sessions of the pool while the event loop is blocked, so that it cannot notice yet."""

    async def end() -> None:
        administrator = await asyncpg.connect(scratch.policy.postgres_dsn)
        sessions = (
            "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND application_name = 'auth_api'"
        )
        await administrator.execute(f"SELECT pg_terminate_backend(pid) {sessions}")
        while await administrator.fetchval(f"SELECT count(pg_sleep(0.001)) {sessions}"):
            pass
        await administrator.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, end()).result()


async def test_read_on_a_dead_connection_is_repeated(scratch: Scratch) -> None:
    for _ in range(5):
        assert await scratch.can_open(3)
        terminate_all_unnoticed(scratch)

        assert await asyncio.gather(*(scratch.keys() for _ in range(6))) == [[]] * 6
    assert scratch.breaker.snapshot() == CLOSED


async def test_begin_on_a_dead_connection_is_repeated(scratch: Scratch) -> None:
    for _ in range(5):
        assert await scratch.can_open(3)
        terminate_all_unnoticed(scratch)

        await asyncio.gather(*(scratch.database.transaction(lambda: scratch.add(1)) for _ in range(6)))
    assert scratch.breaker.snapshot() == CLOSED
    assert await scratch.keys() == [1] * 30


async def test_write_on_a_dead_connection_is_not_repeated(scratch: Scratch) -> None:
    """The server may have executed it."""
    with pytest.raises(asyncpg.PostgresError) as failed:
        await scratch.run("INSERT INTO scratch SELECT 1 FROM (SELECT pg_terminate_backend(pg_backend_pid())) AS end_it")

    assert isinstance(failed.value, asyncpg.AdminShutdownError | asyncpg.ConnectionDoesNotExistError)
    assert await scratch.keys() == []


async def test_failover_replaces_all_connections(scratch: Scratch) -> None:
    """They lead to the former primary; the host name may have the address of the new one now."""
    assert await scratch.can_open(3)
    sessions = "SELECT pg_backend_pid() AS pid"
    before = {await scratch.value(sessions) for _ in range(3)}

    async def write_read_only() -> None:
        await scratch.run("SET TRANSACTION READ ONLY")
        await scratch.add(1)

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(write_read_only)

    assert await scratch.value(sessions) not in before
    await wait_until_all_are_idle(scratch)


async def test_connections_cut_at_the_same_time_are_one_failure(scratch: Scratch) -> None:
    """The next requests get new connections, so the breaker need not open."""
    assert await scratch.can_open(3)
    inside = asyncio.Barrier(4)
    pids: list[int] = []

    async def write() -> None:
        pids.append(await scratch.value("SELECT pg_backend_pid() AS pid"))
        await inside.wait()  # each has its own connection
        await inside.wait()  # all are cut
        await scratch.add(2)

    writers = [asyncio.create_task(scratch.database.transaction(write)) for _ in range(3)]
    await inside.wait()
    await terminate(scratch, *pids)
    await inside.wait()
    outcomes = await asyncio.gather(*writers, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableException] * 3
    assert scratch.breaker.snapshot().failures == 1
    await scratch.add(3)
    await wait_until_all_are_idle(scratch)


@pytest.mark.parametrize(("error", "kept"), [(asyncpg.TooManyConnectionsError, 3), (asyncpg.AdminShutdownError, 0)])
async def test_only_errors_that_invalidate_the_pool_replace_its_connections(
    scratch: Scratch, error: type[asyncpg.PostgresError], kept: int
) -> None:
    assert await scratch.can_open(3)
    assert isinstance(scratch.engine, PooledPostgresEngine)

    connection = await scratch.engine.acquire()
    await scratch.engine.on_error(error(), connection)
    await scratch.engine.release(connection, clean=True)

    assert scratch.engine.connections is not None
    assert scratch.engine.connections.idle_count == kept


async def test_prepared_statements_survive_a_change_of_their_table(scratch: Scratch) -> None:
    """As in a migration under load: the statement is prepared again, in a transaction and outside of one."""
    read = "SELECT * FROM scratch"
    for number in range(4):
        assert [await scratch.run(read) for _ in range(3)] == [[]] * 3
        await scratch.run(f"ALTER TABLE scratch ADD COLUMN later_{number} INTEGER")

        async def work() -> list[dict[str, object]]:
            return await scratch.run(read)

        assert await (scratch.database.transaction(work) if number % 2 else work()) == []
    assert scratch.breaker.snapshot() == CLOSED


@pytest.mark.parametrize("in_transaction", [False, True])
async def test_statement_that_a_pooler_lost_is_repeated_without_a_cache(
    scratch_with: ScratchFactory, in_transaction: bool
) -> None:
    """A pooler executes it on a server connection that has not prepared it: 26000."""
    async with scratch_with(max_pool_size=1) as scratch:

        async def work() -> None:
            await scratch.add(1)

        await work()
        await scratch.run("DEALLOCATE ALL")
        with logged("WARNING") as lines:
            await (scratch.database.transaction(work) if in_transaction else work())
            await scratch.run("DEALLOCATE ALL")
            await work()

        assert await scratch.keys() == [1, 1, 1]
        assert [(line["event"], line["setting"]) for line in lines] == [
            ("prepared_statements:disabled", "DATABASE_STATEMENT_CACHE_SIZE")
        ]
        assert await scratch.run("SELECT name FROM pg_prepared_statements") == []
        assert scratch.breaker.snapshot() == CLOSED


@pytest.mark.parametrize("in_transaction", [False, True])
async def test_statement_that_a_pooler_prepared_twice_is_repeated_without_a_cache(
    scratch_with: ScratchFactory, monkeypatch: pytest.MonkeyPatch, in_transaction: bool
) -> None:
    """A pooler prepares it on a server connection where another client has used the name: 42P05."""
    monkeypatch.setattr(PooledConnection, "_get_unique_id", lambda _self, _prefix: "taken")
    async with scratch_with(max_pool_size=1) as scratch:

        async def work() -> None:
            await scratch.add(1)
            await scratch.add(2)

        await (scratch.database.transaction(work) if in_transaction else work())

        assert await scratch.keys() == [1, 2]
        assert scratch.breaker.snapshot() == CLOSED


async def test_connections_never_share_names_of_prepared_statements(scratch: Scratch) -> None:
    """Behind a pooler, a statement with the same name could be the one of another process."""
    query = "SELECT name FROM pg_prepared_statements"
    pool = pool_of(scratch)
    async with pool.acquire() as one, pool.acquire() as other:
        names = {(await connection.fetchval(query)).rpartition("__")[2] for connection in (one, other)}

    assert len(names) == 2
    assert all(names)


async def test_cancelled_slow_statement_is_not_an_outage(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.run("SET LOCAL statement_timeout = '20ms'")  # the server's limit, as for all sessions
        await scratch.run("SELECT pg_sleep(3600)")

    with pytest.raises(DatabaseUnavailableException) as failed:
        await scratch.database.transaction(work)

    assert isinstance(failed.value.__cause__, asyncpg.QueryCanceledError)
    assert scratch.breaker.snapshot() == CLOSED
    assert await scratch.can_open(3)


async def test_lock_timeout_is_not_an_outage(scratch: Scratch) -> None:
    inside, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        await scratch.run("LOCK TABLE scratch")
        inside.set()
        await done.wait()

    async def wait() -> None:
        await scratch.run("SET LOCAL lock_timeout = '20ms'")
        await scratch.add(1)

    holder = asyncio.create_task(scratch.database.transaction(hold))
    await inside.wait()
    with pytest.raises(DatabaseUnavailableException) as failed:
        await scratch.database.transaction(wait)
    done.set()
    await holder

    assert isinstance(failed.value.__cause__, asyncpg.LockNotAvailableError)
    assert scratch.breaker.snapshot() == CLOSED


async def test_read_only_server_is_an_outage(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.run("SET TRANSACTION READ ONLY")
        await scratch.add(1)

    with pytest.raises(DatabaseUnavailableException) as failed:
        await scratch.database.transaction(work)

    assert isinstance(failed.value.__cause__, asyncpg.ReadOnlySQLTransactionError)
    assert scratch.breaker.snapshot().failures == 1


async def test_missing_table_is_unavailable_but_not_an_outage(scratch: Scratch) -> None:
    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(lambda: scratch.run("SELECT 1 FROM not_migrated_yet"))

    assert scratch.breaker.snapshot() == CLOSED


async def test_too_few_values_are_not_an_outage(scratch: Scratch) -> None:
    """The driver raises the same error type as for a closed connection."""
    with pytest.raises(InvalidCallError):
        await scratch.database.transaction(lambda: scratch.run("SELECT $1::int"))
    with pytest.raises(InvalidCallError):
        await scratch.run("SELECT $1::int")

    assert scratch.breaker.snapshot() == CLOSED
    assert await scratch.can_open(3)


async def test_value_of_the_wrong_type_is_not_an_outage(scratch: Scratch) -> None:
    with pytest.raises(asyncpg.DataError):
        await scratch.database.transaction(lambda: scratch.run("INSERT INTO scratch (key) VALUES ({})", "seven"))

    assert scratch.breaker.snapshot() == CLOSED
    assert await scratch.can_open(3)
