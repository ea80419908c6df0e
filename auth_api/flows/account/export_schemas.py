"""Response body of the data export."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from auth_api.events.audit.schemas import EXAMPLE_EVENT, AuditEvent, event_view
from auth_api.flows.account.export import UserData
from auth_api.kit.clock import rfc3339
from auth_api.kit.device import device_label
from auth_api.sessions.principal import StoredSession
from auth_api.sessions.schemas import EXAMPLE_SESSION, SessionId
from auth_api.users.schemas import EXAMPLE_USER, Timestamp, UserResponse, user_response

EXAMPLE_EXPORT: dict[str, Any] = {
    "exported_at": "2026-02-19T11:30:00.000Z",
    "profile": EXAMPLE_USER,
    "sessions": [
        {
            **EXAMPLE_SESSION,
            "absolute_expires_at": "2026-03-21T10:30:45.123Z",
            "ended_at": None,
            "ended_reason": None,
        }
    ],
    "sessions_omitted": 0,
    "audit_events": {"items": [EXAMPLE_EVENT], "next_cursor": None},
    "one_time_tokens": [
        {
            "purpose": "email_verification",
            "created_at": "2026-02-19T10:30:46.000Z",
            "expires_at": "2026-02-20T10:30:46.000Z",
            "used_at": None,
        }
    ],
    "mails": [
        {
            "template": "email_verification",
            "address": None,
            "attempts": 1,
            "created_at": "2026-02-19T10:30:45.123Z",
            "sent_at": "2026-02-19T10:30:46.000Z",
            "failed_at": None,
        }
    ],
    "wrong_passwords": [{"network": "203.0.113.7", "count": 1, "blocked_until": None}],
}


class ExportedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of the user, active or ended."""

    id: SessionId
    created_at: Timestamp
    last_used_at: Timestamp
    expires_at: Timestamp
    absolute_expires_at: Timestamp
    ended_at: Timestamp | None
    ended_reason: str | None
    ip_address: str | None
    user_agent: str | None
    device: str
    current: bool


class ExportedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """The newest events of the security history."""

    items: list[AuditEvent]
    next_cursor: Annotated[
        str | None,
        msgspec.Meta(description="`cursor` of `/api/user/audit-log` for older events; null if there are none."),
    ]


class ExportedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A mailed token, without its value."""

    purpose: str
    created_at: Timestamp
    expires_at: Timestamp
    used_at: Timestamp | None


class ExportedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail, without its text."""

    template: str
    address: Annotated[str | None, msgspec.Meta(description="Null if the mail goes to the address of the account.")]
    attempts: int
    created_at: Timestamp
    sent_at: Timestamp | None
    failed_at: Timestamp | None


class WrongPasswords(msgspec.Struct, frozen=True, kw_only=True):
    """Wrong passwords that still count."""

    network: Annotated[str | None, msgspec.Meta(description="Network of the attempts; null for all networks together.")]
    count: int
    blocked_until: Annotated[
        Timestamp | None, msgspec.Meta(description="Time until which further attempts are refused.")
    ]


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """The data stored about the user, without secrets. Each list is newest first."""

    exported_at: Timestamp
    profile: UserResponse
    sessions: list[ExportedSession]
    sessions_omitted: Annotated[
        int,
        msgspec.Meta(ge=0, description="Number of older sessions that are left out; `audit_events` has their logins."),
    ]
    audit_events: ExportedEvents
    one_time_tokens: list[ExportedToken]
    mails: list[ExportedMail]
    wrong_passwords: list[WrongPasswords]


def export_view(data: UserData) -> Export:
    """Return the response of the data export."""
    return Export(
        exported_at=rfc3339(data.at),
        profile=user_response(data.principal.user),
        sessions=[_session(session, current=session.id == data.principal.session_id) for session in data.sessions],
        sessions_omitted=data.sessions_omitted,
        audit_events=ExportedEvents(items=[event_view(row) for row in data.events], next_cursor=data.next_cursor),
        one_time_tokens=[
            ExportedToken(
                purpose=token.purpose,
                created_at=rfc3339(token.created_at),
                expires_at=rfc3339(token.expires_at),
                used_at=_optional(token.used_at),
            )
            for token in data.one_time_tokens
        ],
        mails=[
            ExportedMail(
                template=mail.template,
                address=mail.address,
                attempts=mail.attempts,
                created_at=rfc3339(mail.created_at),
                sent_at=_optional(mail.sent_at),
                failed_at=_optional(mail.failed_at),
            )
            for mail in data.mails
        ],
        wrong_passwords=[
            WrongPasswords(network=counted.network, count=counted.count, blocked_until=_optional(counted.blocked_until))
            for counted in data.failures
        ],
    )


def _session(session: StoredSession, *, current: bool) -> ExportedSession:
    return ExportedSession(
        id=str(session.id),
        created_at=rfc3339(session.created_at),
        last_used_at=rfc3339(session.last_used_at),
        expires_at=rfc3339(session.expires_at),
        absolute_expires_at=rfc3339(session.absolute_expires_at),
        ended_at=_optional(session.ended_at),
        ended_reason=session.ended_reason,
        ip_address=session.ip_address,
        user_agent=session.user_agent,
        device=device_label(session.user_agent),
        current=current,
    )


def _optional(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment is not None else None
