"""Records statements with their values, and asks the database how it would execute them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from auth_api.kit.db.database import Engine

Statement = tuple[str, tuple[Any, ...]]


@contextmanager
def recorded_statements(engine: Engine) -> Iterator[dict[str, Statement]]:
    """Collect each statement once, by its text, with the values of its last execution."""
    statements: dict[str, Statement] = {}
    run = engine.run_querystring

    async def record(querystring: Any, *arguments: Any, **options: Any) -> Any:
        sql, values = querystring.compile_string(engine_type=engine.engine_type)
        statements[sql] = (sql, tuple(values))
        return await run(querystring, *arguments, **options)

    engine.run_querystring = record  # type: ignore[method-assign]
    try:
        yield statements
    finally:
        del engine.run_querystring


async def plan_of(engine: Engine, kind: str, statement: Statement) -> list[str]:
    """Return the lines of a statement's plan, without executing it. PostgreSQL is told to avoid scans of tables."""
    sql, values = statement
    connection: Any = await engine.acquire()
    try:
        if kind == "sqlite":
            return [row["detail"] for row in await connection.execute_fetchall(f"EXPLAIN QUERY PLAN {sql}", values)]
        await connection.execute("SET enable_seqscan = off")
        return [row[0] for row in await connection.fetch(f"EXPLAIN {sql}", *values)]
    finally:
        if kind == "postgres":
            await connection.execute("SET enable_seqscan = on")
        await engine.release(connection, clean=True)
