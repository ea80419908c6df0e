"""What packages are told when the access to an account ends, and in which order."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import TYPE_CHECKING
from uuid import UUID

from piccolo.table import Table

from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent, Ends

if TYPE_CHECKING:
    from auth_api.manifest import Core


class RevocationStep(IntEnum):
    """When a package ends its part of the access to an account: the order of locks (docs/architecture.md, "Locks")."""

    ACCOUNT = auto()
    INVITATIONS = auto()
    PENDING_LOGINS = auto()
    FACTORS = auto()
    RECOVERY_CODES = auto()
    IDENTITIES = auto()
    CONSENTS = auto()
    APPROVED_REQUESTS = auto()
    API_KEYS = auto()
    SESSIONS = auto()
    GRANTS = auto()
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """How a package ends its part of the access to an account.

    Attributes:
        step: when. Packages of the same step follow each other in the order of their manifests.
        tables: whose rows of the user it ends.
        end: ends what the event ends of these rows, inside the transaction of the flow, which has locked the row of the
            user. It returns the number of ended sessions.
    """

    step: RevocationStep
    tables: tuple[type[Table], ...]
    end: Callable[["Core", EndedAccess], Awaitable[int]]

    async def end_access(
        self,
        core: "Core",
        event: AccessEvent,
        user_id: int,
        kept_session_id: UUID | None,
        request_context: RequestContext,
    ) -> int:
        """Call `end`, and return the number of ended sessions."""
        access = EndedAccess(
            event=event, user_id=user_id, kept_session_id=kept_session_id, request_context=request_context
        )
        return await self.end(core, access)
