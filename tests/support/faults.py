"""Makes the database refuse or ignore changes, with a temporary trigger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

_CREATE: Final = {
    ("sqlite", "refuse"): ["CREATE TRIGGER fault BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'fault'); END"],
    ("sqlite", "ignore"): ["CREATE TRIGGER fault BEFORE {change} ON {table} BEGIN SELECT RAISE(IGNORE); END"],
    ("postgres", "refuse"): [
        "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'fault'; END$$",
        "CREATE TRIGGER fault BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION fault()",
    ],
    ("postgres", "ignore"): [
        "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
        "CREATE TRIGGER fault BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION fault()",
    ],
}
_DROP: Final = {"sqlite": ["DROP TRIGGER fault"], "postgres": ["DROP FUNCTION fault CASCADE"]}


@asynccontextmanager
async def fault(engine: Any, how: str, change: str, table: str) -> AsyncIterator[None]:
    """Make all changes of one kind to a table fail (`refuse`) or have no effect (`ignore`).

    Args:
        engine: the engine of the application.
        how: `refuse` or `ignore`.
        change: `INSERT`, `UPDATE` or `DELETE`.
        table: the name of the table.
    """
    kind = str(engine.engine_type)
    for statement in _CREATE[kind, how]:
        await engine.run_ddl(statement.format(change=change, table=table))
    try:
        yield
    finally:
        for statement in _DROP[kind]:
            await engine.run_ddl(statement)
