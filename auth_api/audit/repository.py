"""Queries on the security history."""

import msgspec

from auth_api.audit.events import AuditRow, EventTag
from auth_api.audit.tables import AuditLog
from auth_api.kit.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.origin import Origin


@circuit_breaker(service=SERVICE)
async def append(
    tag: EventTag, *, user_id: int | None, resource: str, details: dict[str, object], origin: Origin
) -> None:
    """Add one row, dated by the database; without the person where the account was deleted meanwhile."""
    await AuditLog.raw(
        "INSERT INTO audit_logs (user_id, action, resource, details, ip_address, user_agent, request_id, created_at) "
        "VALUES ((SELECT id FROM users WHERE id = {}), {}, {}, {}, {}, {}, {}, clock_timestamp())",
        user_id,
        tag.value,
        resource,
        msgspec.json.encode(details).decode(),
        origin.ip_address,
        origin.user_agent,
        origin.request_id,
    )


@circuit_breaker(service=SERVICE)
async def history(user_id: int, *, before: int, limit: int) -> list[AuditRow]:
    """Return events of an account, newest first, older than the one of the id `before`."""
    rows = await AuditLog.raw(
        "SELECT id, action, resource, details, ip_address, user_agent, request_id, created_at FROM audit_logs "
        "WHERE user_id = {} AND id < {} ORDER BY id DESC LIMIT {}",
        user_id,
        before,
        limit,
    )
    return [AuditRow(**{**row, "details": msgspec.json.decode(row["details"] or "{}")}) for row in rows]
