"""What the export of a user's data contains about sessions."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.kit.device import device_label
from auth_api.sessions.principal import Principal, StoredSession
from auth_api.sessions.schemas import EXAMPLE_SESSION, SessionId
from auth_api.sessions.service import SessionService
from auth_api.users.schemas import Timestamp

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "sessions": [
        {
            **{name: value for name, value in EXAMPLE_SESSION.items() if name not in {"acr", "amr"}},
            "absolute_expires_at": "2026-03-21T10:30:45.123Z",
            "ended_at": None,
            "ended_reason": None,
            "amr": ["pwd"],
            "auth_time": "2026-02-19T10:30:45.123Z",
            "mfa_at": None,
        }
    ],
    "sessions_omitted": 0,
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
    amr: Annotated[
        list[str], msgspec.Meta(description="How the user proved their identity (RFC 8176), in the order of last use.")
    ]
    auth_time: Annotated[Timestamp, msgspec.Meta(description="The time of the last proof.")]
    mfa_at: Annotated[Timestamp | None, msgspec.Meta(description="The time of the last proof by a second factor.")]
    current: bool


class SessionsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions of the user."""

    sessions: list[ExportedSession]
    sessions_omitted: Annotated[
        int,
        msgspec.Meta(ge=0, description="Number of older sessions that are left out; `audit_events` has their logins."),
    ]


async def export_sessions(sessions: SessionService, principal: Principal, limit: int) -> SessionsExport:
    """Return live and ended sessions, and mark the one that asks for the export."""
    found, omitted = await sessions.list_stored(principal.id, limit)
    return SessionsExport(
        sessions=[_exported(session, current=session.id == principal.session_id) for session in found],
        sessions_omitted=omitted,
    )


def _exported(session: StoredSession, *, current: bool) -> ExportedSession:
    return ExportedSession(
        id=str(session.id),
        created_at=rfc3339(session.created_at),
        last_used_at=rfc3339(session.last_used_at),
        expires_at=rfc3339(session.expires_at),
        absolute_expires_at=rfc3339(session.absolute_expires_at),
        ended_at=optional_rfc3339(session.ended_at),
        ended_reason=session.ended_reason,
        ip_address=session.ip_address,
        user_agent=session.user_agent,
        device=device_label(session.user_agent),
        amr=session.amr.split(),
        auth_time=rfc3339(session.auth_time),
        mfa_at=optional_rfc3339(session.mfa_at),
        current=current,
    )
