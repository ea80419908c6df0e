"""Throws out of an account whoever got in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth_api.events.outbox.service import Outbox
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.service import SessionService
from auth_api.throttling.account_throttle import AccountThrottle

AFTER_PROOF_BY_MAILBOX: Final = (Purpose.EMAIL_UNDO,)
"""Stays: who took an account over with its address must not be able to close the way back to the earlier one."""

AFTER_PROOF_BY_PASSWORD: Final = (Purpose.EMAIL_UNDO, Purpose.SESSION_REPORT)
"""Stays: a thief may know the password, too, and must not be able to close any way that the owner's mails offer."""

NOTHING: Final = ()
"""The owner has taken a way back; the others may be a thief's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevocation:
    """What every journey shares that gives an account (back) to its owner."""

    sessions: SessionService
    tokens: OneTimeTokens
    outbox: Outbox
    throttle: AccountThrottle

    async def revoke_all(
        self,
        user_id: int,
        *,
        reason: str,
        keep: UUID | None = None,
        spare: Sequence[Purpose] = AFTER_PROOF_BY_MAILBOX,
    ) -> int:
        """End sessions, spend mailed tokens, take back mails that would bring new ones, and lift the throttle.

        Called inside the flow's transaction, after it has changed or dropped the password, if it does: from then on
        nobody logs in by the old one, and whoever did before has a session that is found here.

        Args:
            user_id: whose account.
            reason: why the sessions ended.
            keep: a session that goes on.
            spare: what tokens are for that go on working.

        Returns:
            How many sessions ended.
        """
        ended = await self.sessions.end_all(user_id, reason=reason, keep=keep)
        # Mails before tokens: one that is just being written is waited for, and its token is spent with the others.
        await self.outbox.withdraw(user_id, spare=spare)
        await self.tokens.revoke_all(user_id, spare=spare)
        await self.throttle.reset(user_id)
        return ended
