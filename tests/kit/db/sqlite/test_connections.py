"""SQLite connections: all are durable, and none outlives the pool."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.db.sqlite import READER_CONNECTIONS, PooledSQLiteEngine
from tests.support.scratch import Scratch
from tests.support.waiting import until

pytestmark = pytest.mark.engine("sqlite")

DURABLE = {"foreign_keys": 1, "journal_mode": "wal", "synchronous": 2, "busy_timeout": 60_000}


def connection_threads() -> set[threading.Thread]:
    """Return the threads of connections."""
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


def pool_of(scratch: Scratch) -> list[aiosqlite.Connection]:
    engine = scratch.engine
    assert isinstance(engine, PooledSQLiteEngine)
    assert engine._writer is not None  # noqa: SLF001 - each connection is tested
    return [engine._writer, *engine._readers]  # noqa: SLF001 - as above


async def pragmas(connection: aiosqlite.Connection) -> dict[str, Any]:
    rows = [list(await connection.execute_fetchall(f"PRAGMA {name}")) for name in DURABLE]
    return dict(zip(DURABLE, (next(iter(dict(row).values())) for (row,) in rows), strict=True))


async def test_all_connections_of_the_pool_are_durable(scratch: Scratch) -> None:
    connections = pool_of(scratch)

    assert len(connections) == 1 + READER_CONNECTIONS
    assert [await pragmas(connection) for connection in connections] == [DURABLE] * len(connections)


async def test_connection_without_a_pool_is_durable(policy: DatabasePolicy) -> None:
    engine = PooledSQLiteEngine(policy)

    connection = await engine.get_connection()

    assert await pragmas(connection) == DURABLE
    await connection.close()


async def test_foreign_keys_are_enforced_on_every_connection(scratch: Scratch, policy: DatabasePolicy) -> None:
    await scratch.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    await scratch.run("CREATE TABLE child (parent INTEGER REFERENCES parent)")
    unpooled = Scratch(policy, scratch.breaker)
    orphan = "INSERT INTO child (parent) VALUES (7)"

    for opened in (scratch, unpooled):
        with pytest.raises(sqlite3.IntegrityError):
            await opened.run(orphan)
        with pytest.raises(sqlite3.IntegrityError):
            async with opened.engine.transaction():
                await opened.run(orphan)

    assert await scratch.run("SELECT parent FROM child") == []


async def test_readers_see_the_last_commit(scratch: Scratch) -> None:
    for key in range(50):
        await scratch.add(key)
        assert len(await scratch.keys()) == key + 1


async def test_readers_work_while_a_transaction_writes(scratch: Scratch) -> None:
    inside, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await scratch.add(1)
        inside.set()
        await done.wait()

    writer = asyncio.create_task(scratch.database.transaction(work))
    await inside.wait()

    assert await asyncio.gather(*(scratch.keys() for _ in range(20))) == [[]] * 20
    done.set()
    await writer


async def test_no_thread_outlives_the_pool(policy: DatabasePolicy) -> None:
    """It would keep the process from ending."""
    before = connection_threads()
    engine = PooledSQLiteEngine(policy)

    await engine.start_connection_pool()
    assert len(connection_threads() - before) == 1 + READER_CONNECTIONS
    await engine.close_connection_pool()

    await until(lambda: connection_threads() <= before)


async def test_no_thread_outlives_connections_without_a_pool(policy: DatabasePolicy, scratch: Scratch) -> None:
    unpooled = Scratch(policy, scratch.breaker)
    before = connection_threads()

    await unpooled.keys()
    await unpooled.database.transaction(lambda: unpooled.add(1))
    with pytest.raises(sqlite3.OperationalError):
        await unpooled.run("SELECT nonsense FROM nowhere")

    await until(lambda: connection_threads() <= before)


@pytest.mark.parametrize("kind", ["missing-folder", "folder", "not-a-database"])
async def test_unusable_file_fails_the_start_and_leaves_no_thread(tmp_path: Path, kind: str) -> None:
    paths = {
        "missing-folder": tmp_path / "missing" / "auth.db",
        "folder": tmp_path,
        "not-a-database": tmp_path / "text.db",
    }
    (tmp_path / "text.db").write_text("this is not a database, but long enough to be read as one" * 9)
    before = connection_threads()
    engine = PooledSQLiteEngine(DatabasePolicy(sqlite_path=str(paths[kind])))

    with pytest.raises((sqlite3.DatabaseError, OSError)):
        await engine.start_connection_pool()

    await until(lambda: connection_threads() <= before)
