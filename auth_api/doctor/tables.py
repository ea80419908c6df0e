"""Check whether the tables are those of this version and usable, and their sequences ahead of the rows."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.kit.db import migrations
from auth_api.piccolo_app import APP_CONFIG, APP_NAME

_SEQUENCES: Final = """
SELECT s.oid::regclass::text AS name, c.oid::regclass::text AS table_name, quote_ident(a.attname) AS column_name,
    has_sequence_privilege(s.oid, 'SELECT') AND has_table_privilege(c.oid, 'SELECT') AS is_readable
FROM pg_depend AS d
JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class AS c ON c.oid = d.refobjid
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
WHERE d.deptype IN ('a', 'i') AND c.relname = ANY($1) AND pg_table_is_visible(c.oid)
ORDER BY 1
"""


_COLUMNS: Final = """
SELECT c.relname || '.' || a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relname = ANY($1) AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped
"""

_PRIVILEGES: Final = """
SELECT name, privilege
FROM unnest($1::text[]) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
WHERE to_regclass(quote_ident(name)) IS NOT NULL
    AND NOT has_table_privilege(to_regclass(quote_ident(name)), privilege)
"""

_INVALID_INDEXES: Final = """
SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
WHERE c.relname = ANY($1) AND pg_table_is_visible(c.oid) AND NOT i.indisvalid ORDER BY 1
"""

_TABLES: Final = {
    table._meta.tablename: [column._meta.db_column_name for column in table._meta.columns]  # noqa: SLF001 - where Piccolo keeps them
    for table in APP_CONFIG.table_classes
}
"""Names of the columns by table."""

_OPTIONAL_PRIVILEGES: Final = {("audit_logs", "UPDATE"), ("audit_logs", "DELETE")}
"""What the role of the servers may lack, so that it can only add events (docs/administration.md)."""


class SequenceState(msgspec.Struct, frozen=True, kw_only=True):
    """A sequence that assigns the ids of a table.

    Attributes:
        name: of the sequence, quoted if necessary.
        table: the table, quoted if necessary.
        column: the column of the ids, quoted if necessary.
        largest: the largest id in the table; 0 if the table is empty.
        following: the id of the next row; None if the role may not read the sequence.
    """

    name: str
    table: str
    column: str
    largest: int = 0
    following: int | None = None


def evaluate_migrations(applied: list[str]) -> Finding:
    """Fail if the tables are not those of this version."""
    pending = migrations.missing(APP_NAME, applied)
    if pending:
        return fail("database.migrations", migrations.pending_text(len(pending)), "Run: auth-api migrate")
    return ok("database.migrations", f"All {len(applied)} migrations are applied.")


def evaluate_columns(found: Iterable[str], *, applied: Sequence[str]) -> Iterator[Finding]:
    """Fail if the migrations are recorded, but tables or columns are missing, as after the restore of a part.

    Args:
        found: the columns in the database, as `table.column`.
        applied: names of the applied migrations.
    """
    if migrations.missing(APP_NAME, applied):
        return
    there = set(found)
    lost = [
        table if there.isdisjoint(names) else ", ".join(sorted(set(names) - there))
        for table, names in ((table, [f"{table}.{name}" for name in columns]) for table, columns in _TABLES.items())
        if not there.issuperset(names)
    ]
    if lost:
        fix = "Restore a complete backup: the migrations that create them are recorded as applied."
        yield fail("database.tables", f"The database lacks {', '.join(lost)}.", fix)


def evaluate_privileges(lacking: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Fail if the role may not read and change the tables.

    Args:
        lacking: tables, each with a privilege that the role lacks.
    """
    needed = [
        f"{privilege} on {table}" for table, privilege in lacking if (table, privilege) not in _OPTIONAL_PRIVILEGES
    ]
    if needed:
        fix = "Run the GRANT statements of docs/administration.md as the owner of the tables."
        yield fail("database.privileges", f"The role of DATABASE_URL lacks {', '.join(needed)}.", fix)


def evaluate_indexes(invalid: Sequence[str]) -> Iterator[Finding]:
    """Warn of indexes that PostgreSQL does not use, as after an interrupted migration.

    Args:
        invalid: their names, quoted if necessary.
    """
    if invalid:
        fix = "Unless a migration is creating them: " + " ".join(
            f"REINDEX INDEX CONCURRENTLY {name};" for name in invalid
        )
        yield warn("database.indexes", f"Incomplete indexes, which are not used: {', '.join(invalid)}.", fix)


async def fetch_invalid_indexes(connection: Any) -> list[str]:
    """Read the names of the indexes that are not complete."""
    return [row[0] for row in await connection.fetch(_INVALID_INDEXES, list(_TABLES))]


async def fetch_columns(connection: Any) -> list[str]:
    """Read the columns of all tables, as `table.column`."""
    return [row[0] for row in await connection.fetch(_COLUMNS, list(_TABLES))]


def read_columns(connection: sqlite3.Connection) -> list[str]:
    """Read the columns of all tables of a SQLite database, as `table.column`."""
    query = "SELECT name FROM pragma_table_info(?)"
    return [f"{table}.{name}" for table in _TABLES for (name,) in connection.execute(query, (table,))]


async def fetch_lacking_privileges(connection: Any) -> list[tuple[str, str]]:
    """Read which privileges the role lacks, each with its table."""
    return [(row["name"], row["privilege"]) for row in await connection.fetch(_PRIVILEGES, list(_TABLES))]


async def fetch_sequences(connection: Any) -> list[SequenceState]:
    """Read the sequences of all tables."""
    return [await _fetch_sequence(connection, row) for row in await connection.fetch(_SEQUENCES, list(_TABLES))]


async def _fetch_sequence(connection: Any, row: Any) -> SequenceState:
    state = SequenceState(name=row["name"], table=row["table_name"], column=row["column_name"])
    if not row["is_readable"]:
        return state
    largest = f"SELECT coalesce(max({state.column}), 0) FROM {state.table}"  # noqa: S608 - quoted names from PostgreSQL
    following = f"SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM {state.name}"  # noqa: S608 - as above
    return msgspec.structs.replace(
        state, largest=await connection.fetchval(largest), following=await connection.fetchval(following)
    )


def evaluate_sequences(sequences: Sequence[SequenceState]) -> Iterator[Finding]:
    """Fail for each sequence that assigns ids which exist already, as after a restore of the rows only."""
    check = "database.sequences"
    behind = [one for one in sequences if one.following is not None and one.following <= one.largest]
    for one in behind:
        message = f"The next id of {one.table} is {one.following}, and its largest is {one.largest}: new rows fail."
        fix = f"SELECT setval('{one.name}', (SELECT max({one.column}) FROM {one.table}));"  # noqa: S608 - printed, not executed
        yield fail(check, message, fix)
    if unreadable := [one.name for one in sequences if one.following is None]:
        fix = f"GRANT SELECT ON SEQUENCE {', '.join(unreadable)} TO the role of DATABASE_URL."
        yield note(check, "The role may not read all sequences: they were not checked.", fix)
    elif sequences and not behind:
        yield ok(check, "All sequences are ahead of their tables.")
