"""Revocation of access to an account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sessions import repository
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.events import SessionEvent
from auth_api.sessions.principal import Principal
from auth_api.users.service import UserService

EndAccess = Callable[[AccessEvent, int, UUID | None, RequestContext], Awaitable[int]]
"""Ends what an event ends of one package, for a user, except a session to keep. It returns how many sessions ended."""

NO_REQUEST: Final = RequestContext()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevocation:
    """Ends what an event ends (`AccessEvent.ends`), as the last step of every flow that ends access to an account.

    `ends` has the part of each package (`Manifest.revocation`), in the order of the locks.
    """

    database: Database
    users: UserService
    audit: AuditTrail
    ends: tuple[EndAccess, ...]

    async def revoke(
        self,
        event: AccessEvent,
        user_id: int,
        *,
        kept_session_id: UUID | None = None,
        request_context: RequestContext = NO_REQUEST,
    ) -> int:
        """End what the event ends. Only a new password is set by the flow itself, before this call.

        Call it inside the flow's transaction, which has locked the user's row: a login in progress has committed, and
        its session is ended here, or it will find the change of the flow.

        Args:
            event: the event, which the ended sessions get as their reason.
            user_id: the user whose access is revoked.
            kept_session_id: a session that is not ended.
            request_context: the client of the request, for the events of removed factors.

        Returns:
            The number of ended sessions.

        Raises:
            UserNotFoundException: the event removes the password of a user who does not exist.
        """
        return sum([await end(event, user_id, kept_session_id, request_context) for end in self.ends])

    async def end_guessed(self, principal: Principal, request_context: RequestContext) -> None:
        """End a session after too many wrong second factors. The flow's transaction has locked the user's row."""
        await repository.end_session(principal.session_id, principal.id, reason=AccessEvent.SECOND_FACTOR_GUESSED)
        await self.audit.record(
            SessionEvent.SESSION_ENDED_AFTER_GUESSES,
            user_id=principal.id,
            request_context=request_context,
            resource=f"session:{principal.session_id}",
        )

    async def log_out_everywhere(
        self, principal: Principal, request_context: RequestContext, *, keep_current: bool
    ) -> int:
        """End all sessions of the user, or all except this one. Return their number."""

        async def work() -> int:
            await self.users.lock(principal.id)
            ended = await self.revoke(
                AccessEvent.LOGGED_OUT_EVERYWHERE,
                principal.id,
                kept_session_id=principal.session_id if keep_current else None,
            )
            await self.audit.record(
                SessionEvent.SESSIONS_LOGGED_OUT,
                user_id=principal.id,
                request_context=request_context,
                sessions_ended=ended,
            )
            return ended

        return await self.database.transaction(work)
