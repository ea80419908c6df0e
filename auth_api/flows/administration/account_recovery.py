"""Giving access to an account back to its owner, and taking it from everybody else."""

from dataclasses import dataclass
from typing import Final

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.administration.service import BY
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.service import SessionService
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.password_rules import PasswordRules
from auth_api.users.service import UserService
from auth_api.users.user import User

PASSWORD_SET: Final = "password_set"  # noqa: S105 - why a session ended
ENDED: Final = "ended_by_operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecoveryService:
    """What an operator does when somebody cannot get in, or somebody else is in."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    sessions: SessionService
    access_revocation: AccessRevocation
    passwords: PasswordService
    password_rules: PasswordRules
    audit: AuditTrail

    async def set_password(self, user: User, new_password: str) -> int:
        """Set a password, end all sessions, spend mailed tokens and forget all failures. Returns how many sessions.

        Raises:
            WeakPasswordException: it breaks rules.
            UserNotFoundException: the account is gone.
        """
        self.password_rules.check(new_password, {"username": user.username, "email": user.email})
        new_hash = await self.passwords.hasher.hash(new_password)

        async def work() -> int:
            # The account first: a login with the old password that is under way ends before, or finds it replaced.
            await self.email_ownership.set_password(user.id, new_hash)
            ended = await self.access_revocation.revoke_all(user.id, reason=PASSWORD_SET)
            await self.audit.record(
                EventTag.PASSWORD_SET, user_id=user.id, request_context=RequestContext(), by=BY, sessions_ended=ended
            )
            return ended

        return await self.database.transaction(work)

    async def verify_email(self, user: User) -> bool:
        """Note that the address is its owner's. False if it was noted before, or the address has changed."""

        async def work() -> bool:
            verified = await self.users.verify_email(user)
            if verified:
                await self.audit.record(
                    EventTag.EMAIL_VERIFIED, user_id=user.id, request_context=RequestContext(), by=BY
                )
            return verified

        return await self.database.transaction(work)

    async def end_sessions(self, user: User) -> int:
        """End all sessions of an account. Returns how many."""

        async def work() -> int:
            ended = await self.sessions.end_all(user.id, reason=ENDED)
            await self.audit.record(
                EventTag.SESSIONS_ENDED, user_id=user.id, request_context=RequestContext(), by=BY, sessions_ended=ended
            )
            return ended

        return await self.database.transaction(work)

    async def end_all_sessions(self) -> int:
        """End every session of every account, as after a restored backup. Returns how many."""

        async def work() -> int:
            ended = await self.sessions.end_everybodys(reason=ENDED)
            await self.audit.record(
                EventTag.SESSIONS_ENDED,
                user_id=None,
                request_context=RequestContext(),
                resource="all accounts",
                by=BY,
                sessions_ended=ended,
            )
            return ended

        return await self.database.transaction(work)
