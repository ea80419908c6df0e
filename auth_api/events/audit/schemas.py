"""What goes over the wire about the security history."""

from typing import Annotated, Any

import msgspec

from auth_api.events.audit.events import AuditEntry
from auth_api.kit.clock import rfc3339
from auth_api.users.schemas import Timestamp

EXAMPLE_EVENT: dict[str, Any] = {
    "id": 7,
    "action": "login:succeeded",
    "resource": "account",
    "details": {},
    "ip_address": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "request_id": "0f8c2a4be1d94d6a9a4f7a5f3f0c1b2d",
    "created_at": "2026-02-19T10:30:45.123Z",
}


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to one's account."""

    id: int
    action: Annotated[str, msgspec.Meta(description="`subject:what happened`.")]
    resource: str
    details: dict[str, Any]
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    created_at: Timestamp


class AuditEventList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the history, newest first."""

    items: list[AuditEvent]
    next_cursor: str | None


class ExportedEvent(AuditEvent, frozen=True, kw_only=True):
    """Something that happened, and to whose account; null where there is none (any more)."""

    user_id: int | None


def exported_view(row: AuditEntry) -> ExportedEvent:
    """Show an event to those who see everybody's."""
    return ExportedEvent(user_id=row.user_id, **msgspec.structs.asdict(event_view(row)))


def event_view(row: AuditEntry) -> AuditEvent:
    """Show an event."""
    return AuditEvent(
        id=row.id,
        action=row.action,
        resource=row.resource,
        details=row.details,
        ip_address=row.ip_address,
        user_agent=row.user_agent,
        request_id=row.request_id,
        created_at=rfc3339(row.created_at),
    )
