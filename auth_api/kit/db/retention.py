"""Retention of rows after their end, and their removal in batches."""

from dataclasses import dataclass
from datetime import timedelta

from piccolo.columns import Column, DoublePrecision
from piccolo.columns.combination import WhereRaw
from piccolo.table import Table

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import EPOCH_NOW, SECONDS_FROM_NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """A kind of row that is removed some time after its end.

    Attributes:
        name: the kind in reports, logs and metrics, such as `sent_mails`.
        table: the table of the rows.
        ended_at: the column with the time of their end, indexed: a time, or seconds since 1970. Null has no end.
        kept_for: how long a row stays after its end.
        removed_if: a further condition for the removal.
        skips_locked: whether rows that another transaction has locked stay until the next removal, so that the removal
            never waits for them. PostgreSQL requires the privilege UPDATE for that.
    """

    name: str
    table: type[Table]
    ended_at: Column
    kept_for: timedelta = timedelta()
    removed_if: WhereRaw | None = None
    skips_locked: bool = True


@circuit_breaker(service=SERVICE)
async def remove_expired(rule: RetentionRule, limit: int) -> int:
    """Remove expired rows, oldest first, inside a transaction.

    The rows are found by a statement of their own. PostgreSQL may run a subquery of the removal once per row, and the
    limit would hold for each run: rows that are removed already are skipped like locked ones.
    The condition is repeated for the rows found: one that was extended by another transaction meanwhile stays.

    Args:
        rule: which rows.
        limit: maximum number of rows.

    Returns:
        The number of rows removed.
    """
    key = rule.table._meta.primary_key  # noqa: SLF001 - Piccolo has no public name for it
    found = rule.table.select(key).where(*_conditions(rule)).order_by(rule.ended_at).limit(limit)
    if rule.skips_locked and rule.table._meta.db.engine_type == "postgres":  # noqa: SLF001 - as above
        found = found.lock_rows("UPDATE", skip_locked=True)
    if not (keys := await found.output(as_list=True)):
        return 0
    return len(await rule.table.delete().where(_is_expired(rule), key.is_in(keys)).returning(key))


@circuit_breaker(service=SERVICE)
async def count_expired(rule: RetentionRule, limit: int) -> int:
    """Return the number of expired rows; `limit` stands for that number or more."""
    expired = rule.table.select(rule.ended_at).where(*_conditions(rule)).limit(limit)
    (row,) = await rule.table.raw("SELECT count(*) AS expired FROM ({}) AS found", expired.querystrings[0])
    return int(row["expired"])


def _conditions(rule: RetentionRule) -> tuple[WhereRaw, ...]:
    return (_is_expired(rule), *((rule.removed_if,) if rule.removed_if is not None else ()))


def _is_expired(rule: RetentionRule) -> WhereRaw:
    """Compare with a subquery: an index is searched for a value that is computed once, not once per row."""
    seconds = rule.kept_for.total_seconds()
    if isinstance(rule.ended_at, DoublePrecision):
        return WhereRaw(f"{{}} < (SELECT {EPOCH_NOW} - {{}})", rule.ended_at, seconds)
    return WhereRaw(f"{{}} < (SELECT {SECONDS_FROM_NOW})", rule.ended_at, -seconds)
