"""Check whether the tables are those of this version, and whether their sequences are ahead of the rows."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from auth_api.doctor.findings import Finding, fail, note, ok
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


async def fetch_sequences(connection: Any) -> list[SequenceState]:
    """Read the sequences of all tables."""
    tables = [table._meta.tablename for table in APP_CONFIG.table_classes]  # noqa: SLF001 - where Piccolo keeps it
    return [await _fetch_sequence(connection, row) for row in await connection.fetch(_SEQUENCES, tables)]


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
