"""Runs Piccolo's migrations from the program itself: one process at a time, without noise."""

import asyncio
import contextlib
import io
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import cache

import asyncpg
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration

from auth_api.kit.db.database import Engine
from auth_api.kit.db.sqlite import PooledSQLiteEngine
from auth_api.kit.db.sqlite_connection import create_private

LOCK_TIMEOUT = 60
"""Seconds that one migrating process waits for another."""

_ADVISORY_LOCK = int.from_bytes(b"auth_api")


class LockTakenError(Exception):
    """Another process has been migrating for longer than it is waited for."""

    def __init__(self) -> None:
        super().__init__("Another process has been migrating for too long.")


class MigrationFailedError(Exception):
    """A migration did not run; the text is Piccolo's."""


async def pending(app_name: str) -> list[str]:
    """Return the ids of the migrations that the database has not seen yet, oldest first."""
    if not await Migration.table_exists():
        return missing(app_name, ())
    return missing(app_name, await Migration.get_migrations_which_ran(app_name=app_name))


def missing(app_name: str, ran: Collection[str]) -> list[str]:
    """Return the ids of the migrations that are not among those that ran, oldest first."""
    return [identifier for identifier in _known(app_name) if identifier not in ran]


async def migrate(engine: Engine, app_name: str) -> list[str]:
    """Run what is pending and return the ids of what was run. Safe when several processes do it at once.

    Raises:
        MigrationFailedError: a migration failed; those before it are kept.
        LockTakenError: another process has been migrating for longer than the lock is waited for.
    """
    async with _one_at_a_time(engine):
        todo = await pending(app_name)
        if todo:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                result = await run_forwards(app_name)
            if not result.success:
                raise MigrationFailedError(result.message or said.getvalue())
    return todo


@cache
def _known(app_name: str) -> tuple[str, ...]:
    manager = BaseMigrationManager()
    folder = manager.get_app_config(app_name).resolved_migrations_folder_path
    return tuple(manager.get_migration_ids(manager.get_migration_modules(folder)))


@asynccontextmanager
async def _one_at_a_time(engine: Engine) -> AsyncIterator[None]:
    """Piccolo itself takes no lock: of several that migrate at once, some would fail on tables that just appeared."""
    if isinstance(engine, PooledSQLiteEngine):
        create_private(engine.path)
        lock = await asyncio.to_thread(_lock_file, f"{engine.path}.migrate-lock")
        try:
            yield
        finally:
            lock.close()
        return
    connection = await engine.get_new_connection()
    try:
        # Of the transaction, not of the session: that also holds behind a pooler in transaction mode.
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
            await connection.execute("SET LOCAL statement_timeout = 0")
            try:
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _ADVISORY_LOCK, timeout=LOCK_TIMEOUT)
            except (asyncpg.LockNotAvailableError, TimeoutError) as error:
                raise LockTakenError from error
            yield
    finally:
        await connection.close()


def _lock_file(path: str) -> sqlite3.Connection:
    """Hold a lock that the system drops when the process dies."""
    connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise LockTakenError from error
    return connection
