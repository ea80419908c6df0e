"""The schema of a database, as the database itself describes it, not Piccolo."""

import sqlite3
from contextlib import closing
from typing import Any, Final

import asyncpg

BOOKKEEPING: Final = frozenset({"migration", "sqlite_sequence"})
"""Tables of Piccolo and of SQLite."""

_SQLITE_INDEXES: Final = """
SELECT t.name || ' (' || group_concat(c.name, ', ') || ')' || iif(i.partial, ' where …', '')
    || iif(i."unique", ' unique', '')
FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
WHERE t.type = 'table' GROUP BY t.name, i.name ORDER BY 1
"""

_POSTGRES_INDEXES: Final = """
SELECT t.relname || ' (' || string_agg(a.attname, ', ' ORDER BY k.place) || ')'
    || CASE WHEN i.indpred IS NULL THEN '' ELSE ' where …' END || CASE WHEN i.indisunique THEN ' unique' ELSE '' END
FROM pg_index AS i
JOIN pg_class AS t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace
CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number
GROUP BY t.relname, i.indexrelid, i.indpred, i.indisunique ORDER BY 1
"""

_POSTGRES_WHOLE: Final = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
    || coalesce(character_maximum_length::text, '') || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
"""


async def tables(url: str) -> set[str]:
    """Return the names of the application's tables."""
    statement = (
        "SELECT name FROM sqlite_schema WHERE type = 'table'"
        if url.startswith("sqlite")
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    return {str(name) for name in await column(url, statement)} - BOOKKEEPING


async def indexes(url: str) -> list[str]:
    """Return all indexes as `table (columns)`, followed by `where …` and `unique` if they are."""
    statement = _SQLITE_INDEXES if url.startswith("sqlite") else _POSTGRES_INDEXES
    return [index for index in await column(url, statement) if index.split()[0] not in BOOKKEEPING]


async def whole_schema(url: str) -> list[str]:
    """Return a description of the whole schema: equal if and only if the schemas are."""
    statement = (
        "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name" if url.startswith("sqlite") else _POSTGRES_WHOLE
    )
    return [str(line) for line in await column(url, statement)]


async def column(url: str, statement: str) -> list[Any]:
    """Return the first column of the rows of a statement."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            return [row[0] for row in file.execute(statement)]
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def execute(url: str, statement: str) -> None:
    """Execute and commit a statement."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute(statement)
        return
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
