"""Change an account's address: ask, confirm, undo."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.letters import Letter
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import Origin
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.access_revocation import NOTHING, Eviction
from auth_api.sessions.principal import Principal
from auth_api.throttling.mails import MailLimits
from auth_api.users.email_ownership import Mailboxes
from auth_api.users.errors import InvalidCredentialsException
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.service import UserService
from auth_api.users.user import Account

CHANGED: Final = "email_changed"
UNDONE: Final = "email_change_undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeService:
    """Moves accounts from mailbox to mailbox."""

    database: Database
    users: UserService
    mailboxes: Mailboxes
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    passwords: PasswordService
    eviction: Eviction
    mail_limits: MailLimits

    async def request(
        self, account: Account, *, new_email: CanonicalEmail, current_password: str, origin: Origin
    ) -> None:
        """Have a link sent to the new address, unless it is somebody's already: the outbox finds out.

        Raises:
            InvalidCredentialsException: it is not the account's password.
            TooManyAttemptsException: too many were wrong; this one was not looked at.
            UserNotFoundException: the account is gone.
            ServerOverloadedException: too many hashes wait already.
        """
        found = await self.users.credentials_of(account.id)
        if not await self.passwords.check(current_password, found=found, name=account.username, origin=origin):
            raise InvalidCredentialsException
        # Both, so that neither one account can write to many strangers, nor many accounts to one.
        is_allowed = await self.mail_limits.allow(Letter.EMAIL_CHANGE, f"account:{account.id}")
        is_allowed = await self.mail_limits.allow(Letter.EMAIL_CHANGE, new_email) and is_allowed

        async def work() -> None:
            await self.audit.record(EventTag.EMAIL_CHANGE_REQUESTED, user_id=account.id, origin=origin)
            if is_allowed:
                await self.outbox.to_account(Letter.EMAIL_CHANGE, account.id, origin, new_email=new_email)

        await self.database.transaction(work)

    async def confirm(self, token: str, caller: Principal | None, origin: Origin) -> None:
        """Give the account the address that the token was sent to. Every session ends but the caller's own.

        The address before is told, with the way back, if it was verified: one that was not may be a stranger's.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired, or the account is disabled.
            DuplicateEmailException: another account got the address meanwhile.
        """

        async def work() -> None:
            grant = await self.tokens.spend(Purpose.EMAIL_CHANGE, token)
            account = await self._account(grant)
            if not account.is_active:
                raise OneTimeTokenInvalidException
            keep: UUID | None = caller.session_id if caller and caller.id == account.id else None
            ended = await self.eviction.throw_out(account.id, reason=CHANGED, keep=keep)
            await self.mailboxes.change_address(account.id, CanonicalEmail(grant.payload["email"]))
            if account.email_verified_at is not None:
                await self.outbox.to_address(Letter.EMAIL_CHANGED, account.email, origin, user_id=account.id)
            await self.audit.record(EventTag.EMAIL_CHANGED, user_id=account.id, origin=origin, sessions_ended=ended)

        await self.database.transaction(work)

    async def undo(self, token: str, origin: Origin) -> None:
        """Give the account an earlier address back, lock everybody out, and mail there a link to set a password.

        Who changed the address knew the password. It may have been changed again since, and more addresses after
        this one may hold a way back to themselves: none of that works any more.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired.
            DuplicateEmailException: another account got the address meanwhile, and verified it.
        """

        async def work() -> None:
            grant = await self.tokens.spend(Purpose.EMAIL_UNDO, token)
            account = await self._account(grant)
            await self.mailboxes.drop_password(account.id)
            ended = await self.eviction.throw_out(account.id, reason=UNDONE, spare=NOTHING)
            displaced = await self.mailboxes.reclaim_address(account.id, CanonicalEmail(grant.payload["email"]))
            if displaced is not None:
                await self.audit.record(
                    EventTag.ACCOUNT_DELETED, user_id=None, origin=origin, by="owner of the address", account=displaced
                )
            await self.audit.record(
                EventTag.EMAIL_CHANGE_UNDONE, user_id=account.id, origin=origin, sessions_ended=ended
            )
            await self.outbox.to_account(Letter.PASSWORD_RESET, account.id, origin)

        await self.database.transaction(work)

    async def _account(self, grant: TokenGrant) -> Account:
        account = await self.mailboxes.find(grant.user_id) if grant.user_id is not None else None
        if account is None:
            raise OneTimeTokenInvalidException
        return account
