"""SQLite failures: after a failed BEGIN, COMMIT or ROLLBACK the writer's connection stays usable."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from auth_api.kit.db import sqlite
from auth_api.kit.db.database import Database, create_engine
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.sqlite import PooledSQLiteEngine
from auth_api.kit.errors import DatabaseUnavailableException, ServerOverloadedException
from tests.support.clock import MovableMonotonicClock
from tests.support.scratch import Scratch, ScratchFactory
from tests.support.statements import until_blocked

pytestmark = pytest.mark.engine("sqlite")


@contextmanager
def locked(policy: DatabasePolicy) -> Iterator[None]:
    """Hold the write lock, as another process would."""
    connection = sqlite3.connect(str(policy.sqlite_path), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


async def test_begin_fails_only_while_another_process_holds_the_lock(scratch_with: ScratchFactory) -> None:
    async with scratch_with(statement_timeout=0.02) as scratch:
        with locked(scratch.policy):
            for _ in range(5):
                with pytest.raises(DatabaseUnavailableException) as failed:
                    await scratch.database.transaction(lambda: scratch.add(1))
                assert isinstance(failed.value.__cause__, sqlite3.OperationalError)
            with pytest.raises(sqlite3.OperationalError):
                await scratch.add(2)
            assert await scratch.keys() == []

        await scratch.database.transaction(lambda: scratch.add(3))

        assert await scratch.keys() == [3]
        assert await scratch.can_open(1)


async def test_begin_waits_for_another_process(scratch: Scratch) -> None:
    with locked(scratch.policy):
        writing = asyncio.create_task(scratch.database.transaction(lambda: scratch.add(1)))
        await asyncio.sleep(0.03)
        assert not writing.done()

    await writing
    assert await scratch.keys() == [1]


async def test_cancellation_while_begin_waits_leaves_no_open_transaction(scratch: Scratch) -> None:
    with locked(scratch.policy):
        writing = asyncio.create_task(scratch.database.transaction(lambda: scratch.add(1)))
        await asyncio.sleep(0.02)
        writing.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([writing])
    assert writing.cancelled()

    await scratch.database.transaction(lambda: scratch.add(2))

    assert await scratch.keys() == [2]


async def test_failed_commits_change_nothing(scratch: Scratch) -> None:
    await scratch.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    await scratch.run("CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")

    async def work() -> None:
        await scratch.add(1)
        await scratch.run("INSERT INTO child (parent) VALUES (7)")

    for _ in range(30):
        with pytest.raises(sqlite3.IntegrityError):
            await scratch.database.transaction(work)

    await scratch.database.transaction(lambda: scratch.add(2))
    assert await scratch.keys() == [2]


async def test_failed_rollback_replaces_the_connection_and_loses_no_write(scratch: Scratch) -> None:
    """Otherwise the next statement would be acknowledged in a transaction that is never committed."""
    engine = scratch.engine
    assert isinstance(engine, PooledSQLiteEngine)

    async def work() -> None:
        await scratch.add(1)
        broken = engine._writer  # noqa: SLF001 - to break it
        assert broken is not None
        await broken.set_authorizer(refuse_rollback)
        raise LookupError

    with pytest.raises(LookupError):
        await scratch.database.transaction(work)
    await scratch.add(2)
    await scratch.database.transaction(lambda: scratch.add(3))

    assert await scratch.keys() == [2, 3]
    assert await scratch.can_open(1)


def refuse_rollback(action: int, operation: str | None, *_: str | None) -> int:
    is_rollback = action == sqlite3.SQLITE_TRANSACTION and operation == "ROLLBACK"
    return sqlite3.SQLITE_DENY if is_rollback else sqlite3.SQLITE_OK


async def test_explicit_rollback_in_a_transaction_does_no_harm(scratch: Scratch) -> None:
    async def work() -> None:
        await scratch.add(1)
        await scratch.run("ROLLBACK")
        raise LookupError

    with pytest.raises(LookupError):
        await scratch.database.transaction(work)

    await scratch.database.transaction(lambda: scratch.add(2))
    assert await scratch.keys() == [2]


@pytest.mark.parametrize("pragma", ["query_only = ON", "max_page_count = 1"], ids=["read-only", "full"])
async def test_full_or_read_only_disk_is_unavailable_only_for_writes(scratch: Scratch, pragma: str) -> None:
    await scratch.run("CREATE TABLE large (content TEXT)")
    await scratch.run(f"PRAGMA {pragma}")

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(
            lambda: scratch.run("INSERT INTO large (content) VALUES ({})", "x" * 100_000)
        )

    assert scratch.breaker.snapshot().failures == 0
    assert await scratch.keys() == []


class DatabaseFile:
    """The file of a database, which a test moves."""

    def __init__(self, policy: DatabasePolicy) -> None:
        self._path = Path(str(policy.sqlite_path))
        self._away = self._path.with_suffix(".away")

    def move_away(self) -> None:
        self._path.rename(self._away)

    def move_back(self) -> None:
        self._away.rename(self._path)

    def replace_with_empty_file(self) -> None:
        self.move_away()
        self._path.touch()

    @property
    def size(self) -> int | None:
        return self._path.stat().st_size if self._path.exists() else None


@pytest.fixture
def file(policy: DatabasePolicy) -> DatabaseFile:
    return DatabaseFile(policy)


async def test_moved_file_is_not_used(scratch: Scratch, file: DatabaseFile) -> None:
    """SQLite itself would go on, and everything it acknowledges would be lost at the next start."""
    await scratch.add(1)
    file.move_away()

    for _ in range(2):
        with pytest.raises(DatabaseUnavailableException):
            await scratch.database.transaction(lambda: scratch.add(2))
        with pytest.raises(sqlite3.OperationalError, match="put it back, or restart"):
            await scratch.database.ping()
    assert scratch.breaker.snapshot().failures == 2
    assert file.size is None

    file.move_back()
    await scratch.database.transaction(lambda: scratch.add(3))
    assert await scratch.keys() == [1, 3]


async def test_replaced_file_is_not_used(scratch: Scratch, file: DatabaseFile) -> None:
    """The write-ahead log belongs to the previous file: opening the new one could mix the two."""
    file.replace_with_empty_file()

    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(lambda: scratch.add(1))

    assert file.size == 0


async def test_missing_file_is_not_created_without_permission(policy: DatabasePolicy, file: DatabaseFile) -> None:
    database = Database(create_engine(msgspec.structs.replace(policy, creates_file=False)))

    with pytest.raises(sqlite3.OperationalError, match="unable to open database file"):
        async with database.opened():
            raise AssertionError

    assert file.size is None


async def test_wait_in_the_queue_shortens_the_wait_for_the_lock(
    scratch_with: ScratchFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both waits together stay within the time limit, which the next transaction has in full."""
    clock = MovableMonotonicClock()
    monkeypatch.setattr(sqlite, "monotonic", clock)
    async with scratch_with(statement_timeout=600) as scratch:
        inside, done = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            inside.set()
            await done.wait()

        async def lock_limit() -> int:
            """Return the milliseconds that SQLite waits for a lock."""
            return int(await scratch.value("PRAGMA busy_timeout"))

        holder = asyncio.create_task(scratch.database.transaction(hold))
        await inside.wait()
        queued = asyncio.create_task(scratch.database.transaction(lock_limit))
        await until_blocked(scratch.engine)
        clock.now += 400
        done.set()
        await holder

        assert await queued == 200_000
        assert await scratch.database.transaction(lock_limit) == 600_000


async def test_missing_table_is_not_an_outage(scratch: Scratch) -> None:
    with pytest.raises(DatabaseUnavailableException):
        await scratch.database.transaction(lambda: scratch.run("SELECT 1 FROM not_migrated_yet"))

    assert scratch.breaker.snapshot().failures == 0


async def test_queued_writers_give_up_in_time(scratch_with: ScratchFactory) -> None:
    async with scratch_with(statement_timeout=0.05) as scratch:
        inside, done = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            inside.set()
            await done.wait()

        holder = asyncio.create_task(scratch.database.transaction(hold))
        await inside.wait()
        outcomes = await asyncio.gather(
            *(scratch.database.transaction(lambda: scratch.add(1)) for _ in range(20)), return_exceptions=True
        )
        done.set()
        await holder

        assert [type(outcome) for outcome in outcomes] == [ServerOverloadedException] * 20
        assert await scratch.keys() == []
