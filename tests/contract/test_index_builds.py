"""Index builds of migrations on PostgreSQL, while servers write: interrupted ones, and several processes."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess

import asyncpg
import pytest

from tests.support.database_schema import column, execute, whole_schema
from tests.support.postgres import create_database, drop_database
from tests.support.processes import run_cli
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.engine("postgres")]

SEARCH_INDEXES = "2026-11-30T23:30:00:000000"
"""The migration that creates `users_disabled` before other indexes."""

_OF_MIGRATIONS = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'auth_api' AND datname = current_database() "
    "AND xact_start IS NOT NULL"
)
BLOCKED = f"{_OF_MIGRATIONS} AND query LIKE '%INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
AT_THE_LOCK = f"{_OF_MIGRATIONS} AND query NOT LIKE '%INDEX CONCURRENTLY%'"
"""The connection that holds the lock of the migrations, and those that wait for it."""

INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


@pytest.fixture
async def url(postgres_server: str) -> AsyncIterator[str]:
    name = f"auth_api_scratch_{uuid.uuid4().hex}"
    yield await create_database(postgres_server, name)
    await drop_database(postgres_server, name)


async def processes(connection: asyncpg.Connection, query: str, *, at_least: int) -> list[int]:
    """Wait until a query about the database's processes returns this number of them, and return them."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while len(found := [row[0] for row in await connection.fetch(query)]) < at_least:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    return found


async def test_interrupted_index_build_is_repeated_while_another_process_waits(url: str, tmp_path: Path) -> None:
    env = {"ENVIRONMENT": "testing", "DATABASE_URL": url}

    def run(*arguments: str) -> asyncio.Task[CompletedProcess[str]]:
        return asyncio.create_task(asyncio.to_thread(run_cli, *arguments, env=env, cwd=tmp_path, timeout=60))

    assert run_cli("migrate", env=env, cwd=tmp_path).returncode == 0
    schema = await whole_schema(url)
    await execute(url, f"DELETE FROM migration WHERE name = '{SEARCH_INDEXES}'")  # noqa: S608 - a constant
    await execute(url, "DROP INDEX users_disabled")
    writer, observer = await asyncpg.connect(url), await asyncpg.connect(url)

    async with writer.transaction():
        await writer.execute("LOCK TABLE users IN ROW EXCLUSIVE MODE")  # as an INSERT does
        interrupted = run("migrate")
        (builder,) = await processes(observer, BLOCKED, at_least=1)
        await observer.execute("SELECT pg_cancel_backend($1)", builder)
        failed = await interrupted
        invalid = await column(url, INVALID)
        doctor = run_cli("doctor", "--json", env=env, cwd=tmp_path)
        repeated = run("migrate")
        await processes(observer, BLOCKED, at_least=1)
        waiting = run("migrate")
        await processes(observer, AT_THE_LOCK, at_least=2)
    first, second = await asyncio.gather(repeated, waiting)
    await writer.close()
    await observer.close()

    assert failed.returncode == 1
    assert invalid == ["users_disabled"]
    assert "REINDEX INDEX CONCURRENTLY users_disabled;" in doctor.stdout
    assert (first.returncode, first.stdout) == (0, f"applied {SEARCH_INDEXES}\n"), first.stderr
    assert (second.returncode, second.stdout) == (0, "No migrations are pending.\n"), second.stderr
    assert await column(url, INVALID) == []
    assert await whole_schema(url) == schema
