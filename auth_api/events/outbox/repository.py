"""Queries on mail that waits."""

from typing import Any, Final

import msgspec

from auth_api.events.outbox.kinds import MailRecord, OutboxItem
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.kit.db.rows import moment
from auth_api.kit.request_context import RequestContext

_IS_WAITING: Final = "sent_at IS NULL AND failed_at IS NULL"

_IS_UNLOCKED: Final = "(locked_until IS NULL OR locked_until < (SELECT clock_timestamp()))"


@circuit_breaker(service=SERVICE)
async def insert(
    kind_name: str,
    *,
    user_id: int | None,
    email: str | None,
    parameters: dict[str, object],
    request_context: RequestContext,
) -> None:
    """Add a mail that may be sent at once."""
    await OutboxRow.raw(
        "INSERT INTO outbox (template, user_id, address, parameters, attempts, next_attempt_at, created_at) "
        "SELECT {}, {}, {}, {}, 0, now, now FROM (SELECT clock_timestamp() AS now) AS clock",
        kind_name,
        user_id,
        email,
        msgspec.json.encode({**parameters, "origin": request_context}).decode(),
    )


@circuit_breaker(service=SERVICE)
async def claim(limit: int, *, lease: float) -> list[OutboxItem]:
    """Take some mails that are due, for so many seconds; a process that dies meanwhile leaves them to others.

    The present is a subquery: asked once and not for each of ten thousand rows that wait, and an index can be searched
    for it. Conditions stand twice: of two processes that choose the same row, the second looks again once the first is
    done.
    """
    rows = await OutboxRow.raw(
        "UPDATE outbox SET attempts = attempts + 1, "
        f"locked_until = {SECONDS_FROM_NOW} "
        "WHERE id IN (SELECT id FROM outbox WHERE next_attempt_at <= (SELECT clock_timestamp()) "
        f"AND {_IS_WAITING} AND {_IS_UNLOCKED} ORDER BY next_attempt_at LIMIT {{}}) "
        f"AND {_IS_WAITING} AND {_IS_UNLOCKED} "
        "RETURNING id, template, user_id, address, parameters, attempts, created_at, clock_timestamp() AS now",
        lease,
        limit,
    )
    return [_item(row) for row in rows]


@circuit_breaker(service=SERVICE)
async def hold(item_id: int) -> bool:
    """Keep others from taking a mail back until the end of this transaction. False if that was done already."""
    rows = await OutboxRow.raw("UPDATE outbox SET attempts = attempts WHERE id = {} RETURNING id", item_id)
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def withdraw(user_id: int, kind_name: str) -> None:
    """Forget the mails of a kind about an account that were not sent."""
    await OutboxRow.raw(
        "DELETE FROM outbox WHERE user_id = {} AND template = {} AND sent_at IS NULL", user_id, kind_name
    )


@circuit_breaker(service=SERVICE)
async def mark_sent(item_id: int) -> None:
    """Note that somebody else answers for the mail now; what it was about is not kept."""
    await OutboxRow.raw(
        "UPDATE outbox SET sent_at = clock_timestamp(), locked_until = NULL, parameters = NULL WHERE id = {}", item_id
    )


@circuit_breaker(service=SERVICE)
async def mark_failed(item_id: int) -> None:
    """Give the mail up."""
    await OutboxRow.raw("UPDATE outbox SET failed_at = clock_timestamp(), locked_until = NULL WHERE id = {}", item_id)


@circuit_breaker(service=SERVICE)
async def reschedule(item_id: int, *, delay: float, counts: bool) -> None:
    """Let the mail wait for so many seconds; an attempt that was none does not count."""
    await OutboxRow.raw(
        "UPDATE outbox SET locked_until = NULL, attempts = attempts - {}, "
        f"next_attempt_at = {SECONDS_FROM_NOW} "
        "WHERE id = {}",
        0 if counts else 1,
        delay,
        item_id,
    )


@circuit_breaker(service=SERVICE)
async def delete(item_id: int) -> None:
    """Forget a mail that nobody is to get."""
    await OutboxRow.raw("DELETE FROM outbox WHERE id = {}", item_id)


@circuit_breaker(service=SERVICE)
async def count_waiting() -> int:
    """Count the mails that were neither sent nor given up."""
    rows = await OutboxRow.raw(f"SELECT count(*) AS waiting FROM outbox WHERE {_IS_WAITING}")
    return int(rows[0]["waiting"])


@circuit_breaker(service=SERVICE)
async def list_records(user_id: int, *, email: str, limit: int) -> list[MailRecord]:
    """Return the mails of a user, sent or not, newest first.

    Args:
        user_id: the user.
        email: also mails to this e-mail address that were stored without a user.
        limit: maximum number of mails.
    """
    rows = await OutboxRow.raw(
        "SELECT template, address, attempts, created_at, sent_at, failed_at FROM outbox "
        "WHERE user_id = {} OR (user_id IS NULL AND address = {}) ORDER BY id DESC LIMIT {}",
        user_id,
        email,
        limit,
    )
    return [MailRecord(**row) for row in rows]


def _item(row: dict[str, Any]) -> OutboxItem:
    parameters = msgspec.json.decode(row["parameters"] or "{}")
    created_at = row["created_at"]
    return OutboxItem(
        id=row["id"],
        kind_name=row["template"],
        user_id=row["user_id"],
        email=row["address"],
        request_context=msgspec.convert(parameters.pop("origin", {}), RequestContext),
        parameters=parameters,
        attempts=row["attempts"],
        created_at=created_at,
        age=(moment(row["now"]) - created_at).total_seconds(),
    )
