"""What packages are told when the access to an account ends, and in which order."""

from dataclasses import dataclass
from enum import IntEnum, auto
from uuid import UUID

from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent, Ends


class RevocationStep(IntEnum):
    """When a package ends its part of the access to an account: the order of locks (docs/architecture.md, "Locks")."""

    ACCOUNT = auto()
    INVITATIONS = auto()
    PENDING_LOGINS = auto()
    FACTORS = auto()
    RECOVERY_CODES = auto()
    API_KEYS = auto()
    SESSIONS = auto()
    MAILS = auto()
    ONE_TIME_TOKENS = auto()
    FAILED_LOGINS = auto()
    REVOKED_SUBJECTS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAccess:
    """The access to an account that an event ends.

    Attributes:
        event: the event, which the ended sessions get as their reason.
        user_id: the user of the account.
        kept_session_id: a session that is not ended.
        request_context: the client of the request.
    """

    event: AccessEvent
    user_id: int
    kept_session_id: UUID | None
    request_context: RequestContext

    @property
    def ends(self) -> Ends:
        """What the event ends."""
        return self.event.ends
