"""Change an account's address: ask, confirm, undo."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.flows.email_change.mails import EMAIL_CHANGE, EMAIL_CHANGED
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.access_revocation import NOTHING, AccessRevocation
from auth_api.sessions.principal import Principal
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import InvalidCredentialsException
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.service import UserService
from auth_api.users.user import User

CHANGED: Final = "email_changed"
UNDONE: Final = "email_change_undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeService:
    """Moves accounts from mailbox to mailbox."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    passwords: PasswordService
    access_revocation: AccessRevocation
    mail_limits: MailLimits
    password_reset_mail: MailKind

    async def request(
        self, user: User, *, new_email: CanonicalEmail, current_password: str, request_context: RequestContext
    ) -> None:
        """Have a link sent to the new address, unless it is somebody's already: the outbox finds out.

        Raises:
            InvalidCredentialsException: it is not the account's password.
            TooManyAttemptsException: too many were wrong; this one was not looked at.
            UserNotFoundException: the account is gone.
            ServerOverloadedException: too many hashes wait already.
        """
        found = await self.users.get_credentials(user.id)
        if not await self.passwords.check(
            current_password, credentials=found, identifier=user.username, request_context=request_context
        ):
            raise InvalidCredentialsException
        # Both, so that neither one account can write to many strangers, nor many accounts to one.
        is_allowed = await self.mail_limits.allow(EMAIL_CHANGE.name, f"account:{user.id}")
        is_allowed = await self.mail_limits.allow(EMAIL_CHANGE.name, new_email) and is_allowed

        async def work() -> None:
            await self.audit.record(EventTag.EMAIL_CHANGE_REQUESTED, user_id=user.id, request_context=request_context)
            if is_allowed:
                await self.outbox.to_user(EMAIL_CHANGE, user.id, request_context, new_email=new_email)

        await self.database.transaction(work)

    async def confirm(self, token: str, caller: Principal | None, request_context: RequestContext) -> None:
        """Give the account the address that the token was sent to. Every session ends but the caller's own.

        The address before is told, with the way back, if it was verified: one that was not may be a stranger's.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired, or the account is disabled.
            DuplicateEmailException: another account got the address meanwhile.
        """

        async def work() -> None:
            grant = await self.tokens.redeem(Purpose.EMAIL_CHANGE, token)
            user = await self._account(grant)
            if not user.is_active:
                raise OneTimeTokenInvalidException
            keep: UUID | None = caller.session_id if caller and caller.id == user.id else None
            ended = await self.access_revocation.revoke_all(user.id, reason=CHANGED, keep=keep)
            await self.email_ownership.change_email(user.id, CanonicalEmail(grant.payload["email"]))
            if user.email_verified_at is not None:
                await self.outbox.to_email(EMAIL_CHANGED, user.email, request_context, user_id=user.id)
            await self.audit.record(
                EventTag.EMAIL_CHANGED, user_id=user.id, request_context=request_context, sessions_ended=ended
            )

        await self.database.transaction(work)

    async def undo(self, token: str, request_context: RequestContext) -> None:
        """Give the account an earlier address back, lock everybody out, and mail there a link to set a password.

        Who changed the address knew the password. It may have been changed again since, and more addresses after
        this one may hold a way back to themselves: none of that works any more.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired.
            DuplicateEmailException: another account got the address meanwhile, and verified it.
        """

        async def work() -> None:
            grant = await self.tokens.redeem(Purpose.EMAIL_UNDO, token)
            user = await self._account(grant)
            await self.email_ownership.remove_password(user.id)
            ended = await self.access_revocation.revoke_all(user.id, reason=UNDONE, spare=NOTHING)
            displaced = await self.email_ownership.reclaim_email(user.id, CanonicalEmail(grant.payload["email"]))
            if displaced is not None:
                await self.audit.record(
                    EventTag.ACCOUNT_DELETED,
                    user_id=None,
                    request_context=request_context,
                    by="owner of the address",
                    user=displaced,
                )
            await self.audit.record(
                EventTag.EMAIL_CHANGE_UNDONE, user_id=user.id, request_context=request_context, sessions_ended=ended
            )
            await self.outbox.to_user(self.password_reset_mail, user.id, request_context)

        await self.database.transaction(work)

    async def _account(self, grant: TokenGrant) -> User:
        user = await self.email_ownership.find(grant.user_id) if grant.user_id is not None else None
        if user is None:
            raise OneTimeTokenInvalidException
        return user
