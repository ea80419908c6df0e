"""Revocation of access to an account."""

from dataclasses import dataclass
from uuid import UUID

from auth_api.events.outbox.service import Outbox
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.access_events import AccessEvent, PasswordChange
from auth_api.sessions.service import SessionService
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.users.email_ownership import EmailOwnership


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevocation:
    """Ends what an event ends (`AccessEvent.ends`), as the last step of every flow that ends access to an account."""

    sessions: SessionService
    tokens: OneTimeTokens
    outbox: Outbox
    throttle: AccountThrottle
    email_ownership: EmailOwnership

    async def revoke(self, event: AccessEvent, user_id: int, *, kept_session_id: UUID | None = None) -> int:
        """End what the event ends. Only a new password is set by the flow itself, before this call.

        Call it inside the flow's transaction, which has locked the user's row: a login in progress has committed, and
        its session is ended here, or it will find the change of the flow.

        Args:
            event: the event, which the ended sessions get as their reason.
            user_id: the user whose access is revoked.
            kept_session_id: a session that is not ended.

        Returns:
            The number of ended sessions.

        Raises:
            UserNotFoundException: the event removes the password of a user who does not exist.
        """
        ends = event.ends
        if ends.password is PasswordChange.REMOVED:
            await self.email_ownership.remove_password(user_id)
        ended = await self.sessions.end_all(user_id, reason=event.value, kept_session_id=kept_session_id)
        if ends.links:
            # Mails before tokens: this waits for a mail that is being written, and its token is revoked as well.
            await self.outbox.withdraw(user_id, kept_purposes=ends.kept_links)
            await self.tokens.revoke_all(user_id, kept_purposes=ends.kept_links)
            await self.throttle.reset(user_id)
        return ended
