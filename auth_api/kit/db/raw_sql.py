"""Raw SQL without Piccolo's work per request: each statement's text is translated for the engine once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

from piccolo.columns import Column
from piccolo.query.methods.raw import Raw
from piccolo.querystring import QueryString
from piccolo.table import Table

MAX_CACHED_STATEMENTS: Final = 500
"""The application has about a hundred; some of Piccolo's own queries differ from call to call."""

_VALUE_TYPES: Final = frozenset({str, int, float, bool, bytes, list, datetime, timedelta, UUID, type(None)})
"""Types that are always parameters; Piccolo also accepts queries and columns, which become part of the text."""


class _ValuesOnly(QueryString):
    """A statement whose arguments are only values: Piccolo's own class searches each of them for columns."""

    def process_args(self, args: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Column]]:
        """Return the arguments unchanged, and no columns."""
        return args, ()


class RawSql:
    """Mixin before `Table` for tables whose statements are mostly raw SQL."""

    @classmethod
    def raw(cls, sql: str, *args: Any) -> Raw:
        """Create a query, as `Table.raw` does."""
        kind = _ValuesOnly if _VALUE_TYPES.issuperset(map(type, args)) else QueryString
        return Raw(table=cast("type[Table]", cls), querystring=kind(sql, *args))


def compile_query(query: QueryString, engine_type: str) -> tuple[str, Sequence[Any]]:
    """Return the text in the notation of the engine (`$1` or `?`), and the parameters.

    Equal statements get the same text object: asyncpg finds its prepared statements by it.
    """
    if isinstance(query, _ValuesOnly) or _VALUE_TYPES.issuperset(map(type, query.args)):
        return _compile_text(query.template, len(query.args), engine_type), query.args
    return query.compile_string(engine_type)


async def fetch_rows(query: Raw) -> Sequence[Mapping[str, Any]]:
    """Execute a query and return the driver's rows, without the conversions that Piccolo needs for its own queries."""
    engine: Any = query.table._meta.db  # noqa: SLF001 - Piccolo has no public name for it
    rows: Sequence[Mapping[str, Any]] = await engine.run_querystring(query.querystring)
    return rows


@lru_cache(maxsize=MAX_CACHED_STATEMENTS)
def _compile_text(template: str, parameters: int, engine_type: str) -> str:
    text, _ = _ValuesOnly(template, *range(parameters)).compile_string(engine_type)
    return text
