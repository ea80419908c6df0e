"""Lets the database itself refuse or ignore a change, by a trigger that is gone afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

_PLANS: Final = {
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
_ENDS: Final = {"sqlite": ["DROP TRIGGER fault"], "postgres": ["DROP FUNCTION fault CASCADE"]}


@asynccontextmanager
async def fault(engine: Any, how: str, change: str, table: str) -> AsyncIterator[None]:
    """Make every change of a table fail (`refuse`) or leave it as it is (`ignore`) in this context.

    Args:
        engine: the engine of the application.
        how: `refuse` or `ignore`.
        change: `INSERT`, `UPDATE` or `DELETE`.
        table: its name.
    """
    kind = str(engine.engine_type)
    for statement in _PLANS[kind, how]:
        await engine.run_ddl(statement.format(change=change, table=table))
    try:
        yield
    finally:
        for statement in _ENDS[kind]:
            await engine.run_ddl(statement)
