"""What the export of a user's data contains about the security history."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.events.audit.schemas import EXAMPLE_EVENT, AuditEvent, event_view
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.pagination import PageRequest

EXAMPLE_EXPORT: Final[dict[str, Any]] = {"audit_events": {"items": [EXAMPLE_EVENT], "next_cursor": None}}


class ExportedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """The newest events of the security history."""

    items: list[AuditEvent]
    next_cursor: Annotated[
        str | None,
        msgspec.Meta(description="`cursor` of `/api/user/audit-log` for older events; null if there are none."),
    ]


class EventsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The security history of the user."""

    audit_events: ExportedEvents


async def export_events(audit: AuditTrail, user_id: int, limit: int) -> EventsExport:
    """Return the newest events, and the cursor of older ones."""
    rows, next_cursor = await audit.history(user_id, PageRequest(limit))
    return EventsExport(
        audit_events=ExportedEvents(items=[event_view(row) for row in rows], next_cursor=next_cursor),
    )
