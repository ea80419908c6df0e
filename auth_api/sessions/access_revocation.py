"""Revocation of all access to an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth_api.events.outbox.service import Outbox
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.service import SessionService
from auth_api.throttling.account_throttle import AccountThrottle

PURPOSES_KEPT_AFTER_EMAIL_PROOF: Final = (Purpose.EMAIL_UNDO,)
"""Tokens that stay valid if the user proved access to the e-mail address.

An attacker who took over the account together with its e-mail address must not be able to revoke the link that restores
the previous address.
"""

PURPOSES_KEPT_AFTER_PASSWORD_PROOF: Final = (Purpose.EMAIL_UNDO, Purpose.SESSION_REPORT)
"""Tokens that stay valid if the user proved knowledge of the password.

An attacker may know the password, too, and must not be able to revoke a link that was mailed to the user.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevocation:
    """Revokes all access to an account, as the last step of every flow that restores it to its owner."""

    sessions: SessionService
    tokens: OneTimeTokens
    outbox: Outbox
    throttle: AccountThrottle

    async def revoke_all(
        self,
        user_id: int,
        *,
        reason: str,
        kept_session_id: UUID | None = None,
        kept_purposes: Sequence[Purpose] = PURPOSES_KEPT_AFTER_EMAIL_PROOF,
    ) -> int:
        """End sessions, revoke mailed tokens, withdraw mails that would carry new ones, and reset the throttle.

        Call it inside the flow's transaction, after the password has been changed or removed. Later logins with the
        old password fail, and the sessions of earlier ones are ended here.

        Args:
            user_id: the user whose access is revoked.
            reason: the reason that the ended sessions get.
            kept_session_id: a session that is not ended.
            kept_purposes: purposes of mailed tokens that stay valid.

        Returns:
            The number of ended sessions.
        """
        ended = await self.sessions.end_all(user_id, reason=reason, kept_session_id=kept_session_id)
        # Mails before tokens: this waits for a mail that is being written, and its token is revoked with the others.
        await self.outbox.withdraw(user_id, kept_purposes=kept_purposes)
        await self.tokens.revoke_all(user_id, kept_purposes=kept_purposes)
        await self.throttle.reset(user_id)
        return ended
