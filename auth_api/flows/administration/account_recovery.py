"""Return an account to its owner and end the access of everyone else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.events.audit.events import AccountEvent, EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.administration.target_users import TargetUsers
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Authority
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.errors import SessionNotFoundException
from auth_api.sessions.events import SessionEvent
from auth_api.sessions.service import SessionService
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.password_rules import PasswordRules
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecoveryService:
    """Sets passwords, verifies e-mail addresses and ends sessions, for users who lost access or share it unwillingly.

    Each change and its event are stored in one transaction.
    """

    database: Database
    users: UserService
    targets: TargetUsers
    email_ownership: EmailOwnership
    sessions: SessionService
    access_revocation: AccessRevocation
    passwords: PasswordService
    password_rules: PasswordRules
    audit: AuditTrail

    async def set_password(self, user: User, new_password: str) -> int:
        """Set a password, end all sessions, revoke mailed tokens and forget failed logins.

        Returns:
            the number of sessions that ended.

        Raises:
            WeakPasswordException: the password breaks rules.
            UserNotFoundException: the user has been deleted.
        """
        self.password_rules.check(new_password, {"username": user.username, "email": user.email})
        new_hash = await self.passwords.hasher.hash(new_password)

        async def work() -> int:
            # Before the sessions: a login in progress with the old password commits first, or finds it replaced.
            await self.email_ownership.set_password(user.id, new_hash)
            return await self.access_revocation.revoke(AccessEvent.PASSWORD_SET, user.id)

        return await self._end(PasswordEvent.PASSWORD_SET, work, user_id=user.id)

    async def verify_email(self, user: User) -> bool:
        """Mark the e-mail address as verified; return False if it already was, or has been replaced."""

        async def work() -> bool:
            is_changed = await self.users.verify_email(user)
            if is_changed:
                await self.audit.record(
                    AccountEvent.EMAIL_VERIFIED, user_id=user.id, request_context=COMMAND_LINE_CONTEXT
                )
            return is_changed

        return await self.database.transaction(work)

    async def end_session(
        self, user_id: int, session_id: UUID | None, *, by: Authority, request_context: RequestContext
    ) -> None:
        """End one session of a user; `session_id` is None if no session can have the requested id.

        Raises:
            SessionNotFoundException: the user has no live session with this id.
            ApplicationException: see `TargetUsers.lock`.
        """

        async def work() -> None:
            await self.targets.lock(user_id, by)
            reason = AccessEvent.ENDED_BY_OPERATOR
            if session_id is None or not await self.sessions.end(session_id, user_id, reason=reason):
                raise SessionNotFoundException
            await self.audit.record(
                SessionEvent.SESSION_ENDED,
                user_id=user_id,
                request_context=request_context,
                resource=f"session:{session_id}",
            )

        await self.database.transaction(work)

    async def end_sessions(self, user_id: int, *, by: Authority, request_context: RequestContext) -> int:
        """End all sessions of a user and return their number.

        Raises:
            ApplicationException: see `TargetUsers.lock`.
        """

        async def work() -> int:
            await self.targets.lock(user_id, by)
            return await self.access_revocation.revoke(AccessEvent.ENDED_BY_OPERATOR, user_id)

        return await self._end(SessionEvent.SESSIONS_ENDED, work, user_id=user_id, request_context=request_context)

    async def end_all_sessions(self) -> int:
        """End the sessions of all users, as after a backup was restored, and return their number."""

        async def work() -> int:
            return await self.sessions.end_all_of_all_users(reason=AccessEvent.ENDED_BY_OPERATOR)

        return await self._end(SessionEvent.SESSIONS_ENDED, work, user_id=None, resource="all accounts")

    async def _end(
        self,
        tag: EventTag,
        work: Callable[[], Awaitable[int]],
        *,
        user_id: int | None,
        resource: str = "account",
        request_context: RequestContext = COMMAND_LINE_CONTEXT,
    ) -> int:
        """Run work that ends sessions, and record their number in the same transaction."""

        async def work_and_record() -> int:
            ended = await work()
            await self.audit.record(
                tag,
                user_id=user_id,
                request_context=request_context,
                resource=resource,
                sessions_ended=ended,
            )
            return ended

        return await self.database.transaction(work_and_record)
