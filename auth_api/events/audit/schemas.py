"""Wire formats of the security history."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.events.audit.actors import COMMAND_LINE, OWNER
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
    "by": None,
    "created_at": "2026-02-19T10:30:45.123Z",
}

_BY: Final = {OWNER: "owner", COMMAND_LINE: "operator"}
"""What users see of an actor."""


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event in the history of the user's account."""

    id: int
    action: Annotated[str, msgspec.Meta(description="`subject:action`, for example `login:succeeded`.")]
    resource: str
    details: dict[str, Any]
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    by: Annotated[
        str | None,
        msgspec.Meta(
            description="Who caused it: `owner` (a session of this account) or `operator` (the command line of the "
            "server); later versions can return others. Null if the request belonged to no session, as a login, if "
            "the session was that of another account, and for what users did before this field existed."
        ),
    ]
    created_at: Timestamp


class AuditEventList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the security history, newest event first."""

    items: list[AuditEvent]
    next_cursor: str | None


class ExportedEvent(AuditEvent, frozen=True, kw_only=True):
    """An event with its user and its actor.

    Attributes:
        user_id: None if no account was involved or it no longer exists.
        actor: `owner`, `cli`, or `user:<id>` for the session of another account; None as `by`.
        impersonator: who acted as the actor; None in events of this version.
    """

    user_id: int | None
    actor: str | None
    impersonator: str | None


def exported_view(entry: AuditEntry) -> ExportedEvent:
    """Return an event in the format for operators."""
    return ExportedEvent(
        user_id=entry.user_id,
        actor=entry.actor,
        impersonator=entry.impersonator,
        **msgspec.structs.asdict(event_view(entry)),
    )


def event_view(entry: AuditEntry) -> AuditEvent:
    """Return an event in its wire format."""
    return AuditEvent(
        id=entry.id,
        action=entry.action,
        resource=entry.resource,
        details=entry.details,
        ip_address=entry.ip_address,
        user_agent=entry.user_agent,
        request_id=entry.request_id,
        by=_BY.get(entry.actor or ""),
        created_at=rfc3339(entry.created_at),
    )
