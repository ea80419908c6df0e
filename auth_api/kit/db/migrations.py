"""Execution of Piccolo's migrations by the program itself: one process at a time, without Piccolo's output."""

import asyncio
import contextlib
import io
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

import asyncpg
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration

from auth_api.kit.db.database import Engine
from auth_api.kit.db.failures import is_set_up_fault
from auth_api.kit.db.sqlite import PooledSQLiteEngine
from auth_api.kit.db.sqlite_connection import create_private_file
from auth_api.kit.text import counted

UTF8: Final = "UTF8"
"""The only encoding of PostgreSQL that stores every text."""

FOREIGN_TABLE: Final = (
    "The table `migration` belongs to another program. Use a database or a schema of its own for auth_api."
)

MAX_LOCK_WAIT_SECONDS: Final = 60
"""Time that a process waits while another one migrates."""

_ADVISORY_LOCK: Final = int.from_bytes(b"auth_api")
_LOCK_POLL_SECONDS: Final = 0.2


class MigrationLockError(Exception):
    """Another process has been migrating for longer than `MAX_LOCK_WAIT_SECONDS`."""

    def __init__(self) -> None:
        super().__init__(f"Another process has been migrating for more than {MAX_LOCK_WAIT_SECONDS} s.")


class MigrationFailedError(Exception):
    """A migration failed, or the database cannot be used at all; the message says why."""


async def pending(app_name: str) -> list[str]:
    """Return the ids of the migrations that were not executed yet, oldest first.

    Raises:
        MigrationFailedError: the database has another encoding than UTF-8, or belongs to another program.
    """
    await _require_utf8()
    try:
        executed = await Migration.get_migrations_which_ran(app_name=app_name) if await _has_table() else []
    except (asyncpg.UndefinedColumnError, sqlite3.OperationalError) as error:
        if not is_set_up_fault(error):
            raise
        raise MigrationFailedError(FOREIGN_TABLE) from error
    return missing(app_name, executed)


def _is_postgres() -> bool:
    return Migration._meta.db.engine_type == "postgres"  # noqa: SLF001 - Piccolo has no public name for it


async def _has_table() -> bool:
    """Return whether the table of the migrations is in the search path, also if the role may not read it."""
    if not _is_postgres():
        return await Migration.table_exists()
    (row,) = await Migration.raw("SELECT to_regclass('migration') IS NOT NULL AS is_there")
    return bool(row["is_there"])


async def _require_utf8() -> None:
    """Refuse a PostgreSQL database that cannot store every text that people send."""
    if not _is_postgres():
        return
    ((encoding,),) = [row.values() for row in await Migration.raw("SHOW server_encoding")]
    if encoding != UTF8:
        raise MigrationFailedError(wrong_encoding(encoding))


def wrong_encoding(encoding: str) -> str:
    """Return what is wrong with a database that has this encoding, and the fix."""
    return (
        f"The encoding of the database is {encoding}, and must be UTF8. "
        "Create another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
    )


def missing(app_name: str, executed: Collection[str]) -> list[str]:
    """Return the ids of the migrations that are not in `executed`, oldest first."""
    return [identifier for identifier in _all_ids(app_name) if identifier not in executed]


def pending_text(number: int) -> str:
    """Return how many migrations are pending, as a sentence."""
    return f"{counted(number, 'migration')} {'is' if number == 1 else 'are'} pending."


async def migrate(engine: Engine, app_name: str) -> list[str]:
    """Execute pending migrations, also if several processes call this at the same time.

    Returns:
        The ids of the migrations that this call executed.

    Raises:
        MigrationFailedError: a migration failed; those before it stay in effect.
        MigrationLockError: another process has been migrating for too long.
    """
    async with _one_at_a_time(engine):
        ids = await pending(app_name)
        if ids:
            await Migration.create_table(if_not_exists=True)
            with contextlib.redirect_stdout(io.StringIO()) as output:
                result = await run_forwards(app_name)
            if not result.success:
                raise MigrationFailedError(result.message or output.getvalue())
    return ids


@cache
def _all_ids(app_name: str) -> tuple[str, ...]:
    manager = BaseMigrationManager()
    folder = manager.get_app_config(app_name).resolved_migrations_folder_path
    return tuple(manager.get_migration_ids(manager.get_migration_modules(folder)))


@asynccontextmanager
async def _one_at_a_time(engine: Engine) -> AsyncIterator[None]:
    """Hold a lock, which Piccolo does not: concurrent migrations would fail on tables that have just been created."""
    if isinstance(engine, PooledSQLiteEngine):
        create_private_file(engine.path)
        lock = await asyncio.to_thread(_lock_file, f"{engine.path}.migrate-lock")
        try:
            yield
        finally:
            lock.close()
        return
    connection = await engine.get_new_connection()
    try:
        # A lock of the transaction, not of the session, also works with a pooler in transaction mode. Between its
        # statements, a transaction of this isolation level has no snapshot, which CREATE INDEX CONCURRENTLY waits for.
        async with connection.transaction(isolation="read_committed"):
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            await _poll_lock(connection)
            yield
    finally:
        await connection.close()


async def _poll_lock(connection: asyncpg.Connection) -> None:
    """Take the lock. A statement that waits for it would have a snapshot, and index builds would wait for its end.

    Raises:
        MigrationLockError: another process has held it for too long.
    """
    try:
        async with asyncio.timeout(MAX_LOCK_WAIT_SECONDS):
            while not await _try_lock(connection):  # noqa: ASYNC110 - the lock is another process's
                await asyncio.sleep(_LOCK_POLL_SECONDS)
    except TimeoutError as error:
        raise MigrationLockError from error


async def _try_lock(connection: asyncpg.Connection) -> bool:
    is_taken = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _ADVISORY_LOCK)
    await connection.execute("SELECT 1")  # closes the result of the first statement, which still has its snapshot
    return bool(is_taken)


def _lock_file(path: str) -> sqlite3.Connection:
    """Take a lock that the operating system releases if the process dies."""
    connection = sqlite3.connect(path, timeout=MAX_LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise MigrationLockError from error
    return connection
