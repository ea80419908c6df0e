"""Removes one-time tokens and mails that are over: nothing else here deletes them.

The moment is a subquery: an index is searched for a value that is found once, not for one that each row asks anew.
"""

from datetime import timedelta

from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.one_time_tokens.tables import OneTimeTokenRow


@circuit_breaker(service=SERVICE)
async def remove_one_time_tokens(limit: int, *, after: timedelta) -> int:
    """Remove one-time tokens so long past their end, used or not, at most `limit`. Returns how many."""
    rows = await OneTimeTokenRow.raw(
        "DELETE FROM one_time_tokens WHERE id IN (SELECT id FROM one_time_tokens WHERE expires_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "ORDER BY expires_at LIMIT {}) RETURNING id",
        -after.total_seconds(),
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def count_one_time_tokens(limit: int, *, after: timedelta) -> int:
    """Return how many one-time tokens wait for that; `limit` stands for so many or more."""
    rows = await OneTimeTokenRow.raw(
        "SELECT count(*) AS waiting FROM (SELECT 1 FROM one_time_tokens WHERE expires_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "LIMIT {}) AS counted",
        -after.total_seconds(),
        limit,
    )
    return int(rows[0]["waiting"])


@circuit_breaker(service=SERVICE)
async def remove_sent_mails(limit: int, *, after: timedelta) -> int:
    """Remove mails that were sent so long ago, at most `limit`. Returns how many."""
    rows = await OutboxRow.raw(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE sent_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "ORDER BY sent_at LIMIT {}) RETURNING id",
        -after.total_seconds(),
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def count_sent_mails(limit: int, *, after: timedelta) -> int:
    """Return how many sent mails wait for that; `limit` stands for so many or more."""
    rows = await OutboxRow.raw(
        "SELECT count(*) AS waiting FROM (SELECT 1 FROM outbox WHERE sent_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "LIMIT {}) AS counted",
        -after.total_seconds(),
        limit,
    )
    return int(rows[0]["waiting"])


@circuit_breaker(service=SERVICE)
async def remove_failed_mails(limit: int, *, after: timedelta) -> int:
    """Remove mails that were given up so long ago, at most `limit`. Returns how many."""
    rows = await OutboxRow.raw(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE failed_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "ORDER BY failed_at LIMIT {}) RETURNING id",
        -after.total_seconds(),
        limit,
    )
    return len(rows)


@circuit_breaker(service=SERVICE)
async def count_failed_mails(limit: int, *, after: timedelta) -> int:
    """Return how many mails that were given up wait for that; `limit` stands for so many or more."""
    rows = await OutboxRow.raw(
        "SELECT count(*) AS waiting FROM (SELECT 1 FROM outbox WHERE failed_at < "
        "(SELECT timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))) "
        "LIMIT {}) AS counted",
        -after.total_seconds(),
        limit,
    )
    return int(rows[0]["waiting"])
