"""Generates docs/schema.md from the tables: `python -m tests.support.schema_page DOCUMENT`."""

# ruff: noqa: SLF001 - Piccolo describes a table only in `_meta`

import asyncio
import inspect
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from piccolo.columns import BigSerial, Column, ForeignKey, OnDelete
from piccolo.table import Table

from auth_api.kit.db import migrations
from auth_api.kit.db.database import create_migrating_engine
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.piccolo_app import APP_CONFIG, APP_NAME, bind
from tests.support.database_schema import indexes

HEAD: Final = """# Schema

The tables are the same on PostgreSQL and SQLite, which stores times as text in UTC. All times come from the clock of
the database. Passwords, tokens and anything that could be used as one are not stored: `hashed_password` is argon2id,
`token_hash`, `successor_hash` and `digest` are digests.
[administration.md](administration.md#what-is-removed-and-when) lists how long rows are kept.

This page is generated from the tables and their migrations by `make docs`.
"""

_ON_DELETE: Final = {
    OnDelete.cascade: "the row is deleted with it",
    OnDelete.set_null: "set to null when it is deleted",
    OnDelete.restrict: "it cannot be deleted while the row exists",
}

_COMMENT: Final = re.compile(r"^    (\w+) = .*  # (.+)$", re.MULTILINE)


def schema_page(existing_indexes: Sequence[str]) -> str:
    """Return the whole page, for a database with these indexes (`table (columns) …`)."""
    tables = sorted(APP_CONFIG.table_classes, key=lambda table: table._meta.tablename != "users")
    return "\n".join([HEAD, _diagram(tables), *(_section(table, existing_indexes) for table in tables)])


def _diagram(tables: Sequence[type[Table]]) -> str:
    arrows = [
        f"    {_referenced(column)} ||--o{{ {table._meta.tablename} : {column._meta.name}"
        for table in tables
        for column in table._meta.foreign_key_columns
    ]
    return "\n".join(["```mermaid", "erDiagram", *arrows, "```", ""])


def _referenced(column: ForeignKey[Any]) -> str:
    return column._foreign_key_meta.resolved_references._meta.tablename


def _section(table: type[Table], existing_indexes: Sequence[str]) -> str:
    name = table._meta.tablename
    comments = dict(_COMMENT.findall(inspect.getsource(table)))
    rows = [
        f"| `{column._meta.name}` | {_type(column)} | {'; '.join(_facts(column, comments))} |"
        for column in table._meta.columns
    ]
    indexed = [index.removeprefix(f"{name} ") for index in existing_indexes if index.startswith(f"{name} (")]
    return "\n".join(
        [
            f"## `{name}`",
            "",
            inspect.cleandoc(table.__doc__ or ""),
            "",
            "| column | type | |",
            "| --- | --- | --- |",
            *rows,
            "",
            "Indexes: " + ", ".join(f"`{index}`" for index in indexed) + ".",
            "",
        ]
    )


def _type(column: Column) -> str:
    target = column._foreign_key_meta.resolved_target_column if isinstance(column, ForeignKey) else column
    kind = "bigint" if isinstance(target, BigSerial) else target.column_type.lower()  # SQLite knows one integer
    return f"{kind}, may be null" if column._meta.null else kind


def _facts(column: Column, comments: dict[str, str]) -> Iterator[str]:
    if column._meta.primary_key:
        yield "primary key"
    if isinstance(column, ForeignKey):
        yield f"`{_referenced(column)}`; {_ON_DELETE[column._foreign_key_meta.on_delete]}"
    if column._meta.name in comments:
        yield comments[column._meta.name]


async def _indexes_of_a_new_database() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/auth.db"
        engine = create_migrating_engine(DatabasePolicy(sqlite_path=path))
        bind(engine)
        await migrations.migrate(engine, APP_NAME)
        return await indexes(f"sqlite:///{path}")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_page(asyncio.run(_indexes_of_a_new_database())), encoding="utf-8")
