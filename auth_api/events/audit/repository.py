"""Queries on the security history."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from auth_api.events.audit.events import AuditEntry, EventTag
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.kit.request_context import RequestContext

MAX_ID: Final = 2**63 - 1

_COLUMNS: Final = "id, user_id, action, resource, details, ip_address, user_agent, request_id, created_at"


@circuit_breaker(service=SERVICE)
async def append(
    tag: EventTag, *, user_id: int | None, resource: str, details: dict[str, object], request_context: RequestContext
) -> None:
    """Add one row, dated by the database; without the person where the account was deleted meanwhile."""
    await AuditLogRow.raw(
        "INSERT INTO audit_logs (user_id, action, resource, details, ip_address, user_agent, request_id, created_at) "
        "VALUES ((SELECT id FROM users WHERE id = {}), {}, {}, {}, {}, {}, {}, clock_timestamp())",
        user_id,
        tag.value,
        resource,
        msgspec.json.encode(details).decode(),
        request_context.ip_address,
        request_context.user_agent,
        request_context.request_id,
    )


@circuit_breaker(service=SERVICE)
async def history(user_id: int, *, before: int, limit: int) -> list[AuditEntry]:
    """Return events of an account, newest first, older than the one of the id `before`."""
    return _audit_rows(
        await AuditLogRow.raw(
            f"SELECT {_COLUMNS} FROM audit_logs WHERE user_id = {{}} AND id < {{}} ORDER BY id DESC LIMIT {{}}",
            user_id,
            before,
            limit,
        )
    )


@circuit_breaker(service=SERVICE)
async def id_range(since: datetime, until: datetime, *, settled: timedelta) -> range:
    """Return between which ids the events from `since` to before `until` lie, but for those not settled.

    Ids and times are given out one after the other, so their orders differ by moments: of the first and the last
    thousand events in the order of time, the smallest and the largest id are meant.
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
    """Return events with these ids from `since` to before `until`, in the order of their ids."""
    return _audit_rows(
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
    """Return those of one account."""
    return _audit_rows(
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


def _audit_rows(rows: list[dict[str, Any]]) -> list[AuditEntry]:
    return [AuditEntry(**{**row, "details": msgspec.json.decode(row["details"] or "{}")}) for row in rows]
