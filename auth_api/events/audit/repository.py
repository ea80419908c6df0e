"""Queries on the security history."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from auth_api.events.audit.actors import COMMAND_LINE, COMMAND_LINE_DETAIL, stored_actor
from auth_api.events.audit.events import AuditEntry, EventFilter, EventTag
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.kit.ids import MAX_ID
from auth_api.kit.request_context import RequestContext

_COLUMNS: Final = (
    "id, user_id, action, resource, details, ip_address, user_agent, request_id, actor, impersonator, created_at"
)


_PAGE: Final = (
    "AND (CAST({} AS varchar) IS NULL OR action = {}) AND id >= {} AND id < {} "
    "AND created_at >= {} AND created_at < {} ORDER BY id DESC LIMIT {}"
)
"""The end of the statements of lists; its parameters are those of `_page_values`."""


@circuit_breaker(service=SERVICE)
async def append(
    tag: EventTag, *, user_id: int | None, resource: str, details: dict[str, object], request_context: RequestContext
) -> None:
    """Add an event with the database's time; without the user id if the account no longer exists."""
    await AuditLogRow.raw(
        "INSERT INTO audit_logs "
        "(user_id, action, resource, details, ip_address, user_agent, request_id, actor, created_at) "
        "VALUES ((SELECT id FROM users WHERE id = {}), {}, {}, {}, {}, {}, {}, {}, clock_timestamp())",
        user_id,
        tag.value,
        resource,
        msgspec.json.encode(details).decode(),
        request_context.client_ip,
        request_context.user_agent,
        request_context.request_id,
        stored_actor(request_context.actor, user_id),
    )


@circuit_breaker(service=SERVICE)
async def history(user_id: int, *, before: int, limit: int) -> list[AuditEntry]:
    """Return events of a user with ids below `before`, newest first."""
    return _entries(
        await AuditLogRow.raw(
            f"SELECT {_COLUMNS} FROM audit_logs WHERE user_id = {{}} AND id < {{}} ORDER BY id DESC LIMIT {{}}",
            user_id,
            before,
            limit,
        )
    )


@circuit_breaker(service=SERVICE)
async def find_of_user(user_id: int, wanted: EventFilter, ids: range, *, limit: int) -> list[AuditEntry]:
    """Return events of a user with these ids, newest first."""
    actor = stored_actor(wanted.actor, user_id)
    return _entries(
        await AuditLogRow.raw(
            f"SELECT {_COLUMNS} FROM audit_logs WHERE user_id = {{}} "
            f"AND (CAST({{}} AS varchar) IS NULL OR actor = {{}}) {_PAGE}",
            user_id,
            actor,
            actor,
            *_page_values(wanted, ids, limit),
        )
    )


@circuit_breaker(service=SERVICE)
async def find_of_actor(actor: str, wanted: EventFilter, ids: range, *, limit: int) -> list[AuditEntry]:
    """Return events with this actor and these ids, newest first; without those in the actor's own history."""
    return _entries(
        await AuditLogRow.raw(
            f"SELECT {_COLUMNS} FROM audit_logs WHERE actor = {{}} {_PAGE}", actor, *_page_values(wanted, ids, limit)
        )
    )


@circuit_breaker(service=SERVICE)
async def find_of_all(wanted: EventFilter, ids: range, *, limit: int) -> list[AuditEntry]:
    """Return events of all users and actors with these ids, newest first."""
    if wanted.action is None:
        return _entries(
            await AuditLogRow.raw(
                f"SELECT {_COLUMNS} FROM audit_logs WHERE true {_PAGE}", *_page_values(wanted, ids, limit)
            )
        )
    return _entries(
        await AuditLogRow.raw(
            f"SELECT {_COLUMNS} FROM audit_logs WHERE action = {{}} {_PAGE}",
            wanted.action,
            *_page_values(wanted, ids, limit),
        )
    )


def _page_values(wanted: EventFilter, ids: range, limit: int) -> tuple[Any, ...]:
    return wanted.action, wanted.action, ids.start, ids.stop, wanted.since, wanted.until, limit


@circuit_breaker(service=SERVICE)
async def id_range(since: datetime, until: datetime, *, settled: timedelta) -> range:
    """Return the range of ids of the events from `since` to before `until`, without those that are not settled yet.

    An event gets its id and its time one after the other, so that neighbouring events can differ in the order of the
    two. The range therefore ends at the smallest and the largest id of the first and the last 1000 events by time.

    Args:
        since: first time included.
        until: first time excluded.
        settled: age at which the transaction of an event is certain to have ended.
    """
    rows = await AuditLogRow.raw(
        "SELECT (SELECT min(id) FROM (SELECT id FROM audit_logs WHERE created_at >= {} "
        "ORDER BY created_at LIMIT 1000) AS begin_of_time) AS first_id, "
        "(SELECT max(id) FROM (SELECT id FROM audit_logs WHERE created_at < {} "
        "ORDER BY created_at DESC LIMIT 1000) AS end_of_time) AS last_id, "
        "(SELECT min(id) FROM (SELECT id FROM audit_logs WHERE created_at >= "
        f"(SELECT {SECONDS_FROM_NOW}) "
        "ORDER BY created_at LIMIT 1000) AS not_settled) AS unsettled_id",
        since,
        until,
        -settled.total_seconds(),
    )
    row = rows[0]
    if row["first_id"] is None or row["last_id"] is None:
        return range(0)
    return range(row["first_id"], min(row["last_id"] + 1, row["unsettled_id"] or MAX_ID))


@circuit_breaker(service=SERVICE)
async def all_events(ids: range, since: datetime, until: datetime, *, limit: int) -> list[AuditEntry]:
    """Return events with these ids from `since` to before `until`, ordered by id."""
    return _entries(
        await AuditLogRow.raw(
            f"SELECT {_COLUMNS} FROM audit_logs "
            "WHERE id >= {} AND id < {} AND created_at >= {} AND created_at < {} ORDER BY id LIMIT {}",
            ids.start,
            ids.stop,
            since,
            until,
            limit,
        )
    )


@circuit_breaker(service=SERVICE)
async def user_events(user_id: int, ids: range, since: datetime, until: datetime, *, limit: int) -> list[AuditEntry]:
    """Return the events of a user with these ids from `since` to before `until`, ordered by id."""
    return _entries(
        await AuditLogRow.raw(
            f"SELECT {_COLUMNS} FROM audit_logs "
            "WHERE user_id = {} AND id >= {} AND id < {} AND created_at >= {} AND created_at < {} "
            "ORDER BY id LIMIT {}",
            user_id,
            ids.start,
            ids.stop,
            since,
            until,
            limit,
        )
    )


def _entries(rows: list[dict[str, Any]]) -> list[AuditEntry]:
    return [_entry(row) for row in rows]


def _entry(row: dict[str, Any]) -> AuditEntry:
    details = msgspec.json.decode(row["details"] or "{}")
    actor = COMMAND_LINE if details.get("by") == COMMAND_LINE_DETAIL else row["actor"]
    return AuditEntry(**{**row, "details": details, "actor": actor})
