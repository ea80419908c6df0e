"""Columns with sealed values: the rows whose values the newest key has not sealed, and their replacement."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from piccolo.columns import Column
from piccolo.table import Table

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column whose values are sealed, or null.

    Attributes:
        name: the short name of the table that each value is bound to, such as `totp`.
        table: the table.
        row_key: the unique column whose value each sealed value is bound to.
        sealed: the column of the sealed values.
    """

    name: str
    table: type[Table]
    row_key: Column
    sealed: Column

    @property
    def label(self) -> str:
        """The table and the column, for operators."""
        return f"{self.table._meta.tablename}.{self.sealed._meta.name}"  # noqa: SLF001 - Piccolo has no public name


class SealedValue(NamedTuple):
    """A sealed value and the key of its row."""

    row_key: Any
    sealed: str


@circuit_breaker(service=SERVICE)
async def find_outdated(
    column: SealedColumn, *, newest_prefix: str, after: SealedValue | None, limit: int
) -> list[SealedValue]:
    """Return values that the newest key has not sealed, in the order of their rows.

    Args:
        column: where to search.
        newest_prefix: the beginning of the values that the newest key has sealed.
        after: the value to continue after; None begins with the first row.
        limit: maximum number of values.
    """
    found = (
        column.table.select(column.row_key.as_alias("row_key"), column.sealed.as_alias("sealed"))
        .where(column.sealed.is_not_null(), column.sealed.not_like(f"{newest_prefix}%"))
        .order_by(column.row_key)
        .limit(limit)
    )
    if after is not None:
        found = found.where(column.row_key > after.row_key)
    return [SealedValue(**row) for row in await found]


@circuit_breaker(service=SERVICE)
async def replace_sealed(column: SealedColumn, old: SealedValue, sealed: str) -> bool:
    """Replace a sealed value. Return False if its row was changed or deleted meanwhile, and change nothing."""
    changes: dict[Column | str, Any] = {column.sealed: sealed}
    is_unchanged = (column.row_key == old.row_key) & (column.sealed == old.sealed)
    return bool(await column.table.update(changes).where(is_unchanged).returning(column.row_key))
