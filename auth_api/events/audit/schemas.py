"""Wire formats of the security history."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.events.audit.actors import ADMINISTRATOR, OWNER, SERVICE, seen_as, user_actor
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
    "by": "owner",
    "created_at": "2026-02-19T10:30:45.123Z",
}

EXAMPLE_EXPORTED_EVENT: Final = {**EXAMPLE_EVENT, "user_id": 7, "actor": "user:7", "impersonator": None}


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
            description="Who caused it: `owner` (the user of this account), `administrator`, `service` (an API key of "
            "a service account), `operator` (the command line of the server) or `provider` (an upstream provider). "
            "Later versions can return others. Null if the server did or no user was signed in, as at a failed login, "
            "and for what users did before this field existed."
        ),
    ]
    created_at: Timestamp


class AuditEventList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the security history, newest event first."""

    items: list[AuditEvent]
    next_cursor: str | None


class ExportedEvent(AuditEvent, frozen=True, kw_only=True):
    """An event with its user and its actor."""

    user_id: Annotated[
        int | None, msgspec.Meta(description="Null if no account was involved, or if it no longer exists.")
    ]
    actor: Annotated[
        str | None,
        msgspec.Meta(
            description="Who caused it: `user:<id>`, `service:<id>`, `provider:<name>` or `cli`. Null if no caller is "
            "known, and for what a deleted user did, whose events have `by` `owner`."
        ),
    ]
    impersonator: Annotated[
        str | None,
        msgspec.Meta(description="Who acted as the actor; always null in this version."),
    ]


class ExportedEventList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the security history of all users, newest event first."""

    items: list[ExportedEvent]
    next_cursor: str | None


def exported_view(entry: AuditEntry) -> ExportedEvent:
    """Return an event in the format for administrators and operators."""
    owner = user_actor(entry.user_id) if entry.user_id is not None else None
    return ExportedEvent(
        user_id=entry.user_id,
        actor=owner if entry.actor == OWNER else entry.actor,
        impersonator=entry.impersonator,
        **_fields(entry),
    )


def event_view(entry: AuditEntry) -> AuditEvent:
    """Return an event in the format for the user of the account, which does not identify an administrator."""
    fields = _fields(entry)
    if fields["by"] in (ADMINISTRATOR, SERVICE):
        details = {name: value for name, value in entry.details.items() if name != "key_id"}
        fields |= {"ip_address": None, "user_agent": None, "details": details}
    return AuditEvent(**fields)


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "action": entry.action,
        "resource": entry.resource,
        "details": entry.details,
        "ip_address": entry.ip_address,
        "user_agent": entry.user_agent,
        "request_id": entry.request_id,
        "by": seen_as(entry.actor, entry.action),
        "created_at": rfc3339(entry.created_at),
    }
