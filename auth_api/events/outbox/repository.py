"""Queries on the outbox."""

from typing import Any, Final

import msgspec

from auth_api.events.outbox.kinds import MailRecord, OutboxItem
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.crypto.tokens import new_salt
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW, as_datetime
from auth_api.kit.request_context import RequestContext

_IS_WAITING: Final = "sent_at IS NULL AND failed_at IS NULL"

_IS_UNLOCKED: Final = "(locked_until IS NULL OR locked_until < (SELECT clock_timestamp()))"


@circuit_breaker(service=SERVICE)
async def insert(  # noqa: PLR0913 - the columns of the table
    kind_name: str,
    *,
    user_id: int | None,
    email: str | None,
    parameters: dict[str, object],
    request_context: RequestContext,
    delay: float = 0.0,
) -> None:
    """Add a mail that is due after `delay` seconds."""
    await OutboxRow.raw(
        "INSERT INTO outbox (template, user_id, address, parameters, attempts, next_attempt_at, created_at) "
        "SELECT {}, {}, {}, {}, 0, timestamptz_pl_interval(now, make_interval(0, 0, 0, 0, 0, 0, {})), now "
        "FROM (SELECT clock_timestamp() AS now) AS clock",
        kind_name,
        user_id,
        email,
        msgspec.json.encode({**parameters, "salt": new_salt(), "origin": request_context}).decode(),
        delay,
    )


@circuit_breaker(service=SERVICE)
async def claim(limit: int, *, lease: float) -> list[OutboxItem]:
    """Claim mails that are due, those with the fewest attempts first, and count an attempt for each.

    A mail that was never tried does not wait for mails that have failed, and tests a mail server that may have
    recovered.

    The current time is a subquery, so that it is computed once, not for each waiting row, and an index can be searched
    for it. The conditions are repeated outside of the subquery: if two processes choose the same row, the second checks
    it again after the first has committed.

    Args:
        limit: maximum number of mails.
        lease: seconds after which another process may claim them, in case this one dies.
    """
    rows = await OutboxRow.raw(
        "UPDATE outbox SET attempts = attempts + 1, "
        f"locked_until = {SECONDS_FROM_NOW} "
        "WHERE id IN (SELECT id FROM outbox WHERE next_attempt_at <= (SELECT clock_timestamp()) "
        f"AND {_IS_WAITING} AND {_IS_UNLOCKED} ORDER BY attempts, next_attempt_at LIMIT {{}}) "
        f"AND {_IS_WAITING} AND {_IS_UNLOCKED} "
        "RETURNING id, template, user_id, address, parameters, attempts, created_at, clock_timestamp() AS now",
        lease,
        limit,
    )
    return [_item(row) for row in rows]


@circuit_breaker(service=SERVICE)
async def hold(item_id: int) -> bool:
    """Lock a mail against withdrawal until the end of this transaction. Return False if it is already withdrawn."""
    rows = await OutboxRow.raw("UPDATE outbox SET attempts = attempts WHERE id = {} RETURNING id", item_id)
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def withdraw(user_id: int, kind_name: str) -> None:
    """Delete the unsent mails of a kind about a user."""
    await OutboxRow.raw(
        "DELETE FROM outbox WHERE user_id = {} AND template = {} AND sent_at IS NULL", user_id, kind_name
    )


@circuit_breaker(service=SERVICE)
async def mark_sent(item_id: int) -> None:
    """Mark a mail sent, and delete its parameters."""
    await OutboxRow.raw(
        "UPDATE outbox SET sent_at = clock_timestamp(), locked_until = NULL, parameters = NULL WHERE id = {}", item_id
    )


@circuit_breaker(service=SERVICE)
async def mark_failed(item_id: int) -> None:
    """Mark a mail failed, so that it is not retried."""
    await OutboxRow.raw("UPDATE outbox SET failed_at = clock_timestamp(), locked_until = NULL WHERE id = {}", item_id)


@circuit_breaker(service=SERVICE)
async def reschedule(item_id: int, *, delay: float, is_attempt: bool) -> None:
    """Release a mail and make it due again later.

    Args:
        item_id: of the mail.
        delay: seconds from now.
        is_attempt: False if the mail server was not contacted, so that the attempt is not counted.
    """
    await OutboxRow.raw(
        "UPDATE outbox SET locked_until = NULL, attempts = attempts - {}, "
        f"next_attempt_at = {SECONDS_FROM_NOW} "
        "WHERE id = {}",
        0 if is_attempt else 1,
        delay,
        item_id,
    )


@circuit_breaker(service=SERVICE)
async def delete(item_id: int) -> None:
    """Delete a mail that has no recipient."""
    await OutboxRow.raw("DELETE FROM outbox WHERE id = {}", item_id)


@circuit_breaker(service=SERVICE)
async def count_waiting() -> int:
    """Return the number of mails that are neither sent nor failed."""
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
    parameters, request_context = _stored_values(row["parameters"])
    created_at = row["created_at"]
    return OutboxItem(
        id=row["id"],
        kind_name=row["template"],
        user_id=row["user_id"],
        email=row["address"],
        request_context=request_context,
        salt=parameters.pop("salt", ""),
        parameters=parameters,
        attempts=row["attempts"],
        created_at=created_at,
        age_seconds=(as_datetime(row["now"]) - created_at).total_seconds(),
    )


def _stored_values(text: str | None) -> tuple[dict[str, Any], RequestContext]:
    """Return the parameters and the request; empty ones if another version stored them in a form unknown to this one.

    An error would concern all mails that were claimed together.
    """
    try:
        parameters = msgspec.json.decode(text or "{}", type=dict[str, Any])
        return parameters, msgspec.convert(parameters.pop("origin", {}), RequestContext)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}, RequestContext()
