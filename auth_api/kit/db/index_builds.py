"""Create and drop the indexes of large tables in migrations while servers read and write them.

The migration must not run in a transaction: `MigrationManager(…, wrap_in_transaction=False)`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from piccolo.engine.finder import engine_finder

from auth_api.kit.db.sqlite import PooledSQLiteEngine

RunStatement = Callable[[str], Awaitable[Any]]


async def create_indexes(definitions: Mapping[str, str], *, is_unique: bool = False) -> None:
    """Create indexes. Those with the same names are dropped before: an interrupted build leaves an invalid index.

    Args:
        definitions: what follows `ON` in the statement, by the name of the index.
        is_unique: whether two rows must not have equal values.
    """
    create = "CREATE UNIQUE INDEX" if is_unique else "CREATE INDEX"
    async with _connected() as (run, concurrently):
        for name, definition in definitions.items():
            await run(f"DROP INDEX{concurrently} IF EXISTS {name}")
            await run(f"{create}{concurrently} {name} ON {definition}")


async def drop_indexes(names: Iterable[str]) -> None:
    """Drop indexes, if they exist."""
    async with _connected() as (run, concurrently):
        for name in names:
            await run(f"DROP INDEX{concurrently} IF EXISTS {name}")


def is_postgres() -> bool:
    """Return whether the migration changes a PostgreSQL database."""
    return not isinstance(engine_finder(), PooledSQLiteEngine)


@asynccontextmanager
async def _connected() -> AsyncIterator[tuple[RunStatement, str]]:
    """Return a function that executes a statement, and the word after `INDEX` with which tables stay in use."""
    engine: Any = engine_finder()
    if not is_postgres():
        yield engine.run_ddl, ""
        return
    connection = await engine.get_new_connection()
    try:
        # Limits of the role would interrupt long builds. A pooler gives the session to the next client afterwards.
        await connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        yield connection.execute, " CONCURRENTLY"
        await connection.execute("RESET statement_timeout; RESET lock_timeout")
    finally:
        await connection.close()
