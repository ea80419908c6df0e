"""Asks without doing anew for each request what is the same for all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

from piccolo.columns import Column
from piccolo.query.methods.raw import Raw
from piccolo.querystring import QueryString
from piccolo.table import Table

STATEMENTS: Final = 500
"""How many texts are remembered. The application has a hundred; Piccolo's own queries come and go."""

_VALUES: Final = frozenset({str, int, float, bool, bytes, list, datetime, timedelta, UUID, type(None)})
"""What is a parameter and never a part of the text; Piccolo also takes queries and columns in its place."""


class _ValuesOnly(QueryString):
    """A statement whose arguments are values alone: Piccolo looks at each of them for a column."""

    def process_args(self, args: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Column]]:
        """Take them as they are."""
        return args, ()


class RawSql:
    """Mixin before `Table`, whose statements are mostly written by hand."""

    @classmethod
    def raw(cls, sql: str, *args: Any) -> Raw:
        """Make a query as `Table.raw` does."""
        kind = _ValuesOnly if _VALUES.issuperset(map(type, args)) else QueryString
        return Raw(table=cast("type[Table]", cls), querystring=kind(sql, *args))


def compiled(query: QueryString, engine_type: str) -> tuple[str, Sequence[Any]]:
    """Return the text in the engine's own notation, and its parameters; a text is taken apart once."""
    if isinstance(query, _ValuesOnly) or _VALUES.issuperset(map(type, query.args)):
        return _text(query.template, len(query.args), engine_type), query.args
    return query.compile_string(engine_type)


async def fetch_rows(query: Raw) -> Sequence[Mapping[str, Any]]:
    """Ask, and return the rows as the driver made them: what Piccolo does besides is for queries that it built."""
    engine: Any = query.table._meta.db  # noqa: SLF001 - Piccolo's own place for it
    rows: Sequence[Mapping[str, Any]] = await engine.run_querystring(query.querystring)
    return rows


@lru_cache(maxsize=STATEMENTS)
def _text(template: str, parameters: int, engine_type: str) -> str:
    text, _ = QueryString(template, *range(parameters)).compile_string(engine_type)
    return text
