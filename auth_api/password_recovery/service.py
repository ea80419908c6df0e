"""Forgot, and reset."""

from dataclasses import dataclass
from typing import Final

from auth_api.audit.events import EventTag
from auth_api.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.origin import Origin
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.outbox.letters import Letter
from auth_api.outbox.service import Outbox
from auth_api.sessions.service import SessionService
from auth_api.throttling.accounts import AccountThrottle
from auth_api.throttling.mails import MailLimits
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.mailbox import Mailboxes
from auth_api.users.password_rules import PasswordRules

RESET: Final = "password_reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryService:
    """Gives an account back to whoever can read its mail."""

    database: Database
    mailboxes: Mailboxes
    sessions: SessionService
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    hasher: PasswordHasher
    password_rules: PasswordRules
    throttle: AccountThrottle
    mail_limits: MailLimits

    async def forgot(self, email: CanonicalEmail, origin: Origin) -> None:
        """Have a mail sent to the account of this address, if there is one.

        Nothing here depends on that: the same row is written, and the outbox finds out.
        """
        if await self.mail_limits.allow(Letter.PASSWORD_RESET, email):
            await self.database.transaction(lambda: self.outbox.to_address(Letter.PASSWORD_RESET, email, origin))

    async def reset(self, token: str, new_password: str, origin: Origin) -> None:
        """Set a new password and end every session.

        A password that breaks rules leaves the token as it is.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired; or its account is disabled or gone.
            WeakPasswordException: the password breaks rules.
            ServerOverloadedException: too many hashes wait already.
        """
        grant = await self.tokens.look_at(Purpose.PASSWORD_RESET, token)
        account = await self.mailboxes.find(grant.user_id) if grant.user_id is not None else None
        if account is None or not account.is_active:
            raise OneTimeTokenInvalidException
        named = {"username": account.username, "email": account.email}
        self.password_rules.check(new_password, named, field="new_password")
        new_hash = await self.hasher.hash(new_password)

        async def work() -> None:
            await self.tokens.spend(Purpose.PASSWORD_RESET, token)
            ended = await self.sessions.end_all(account.id, reason=RESET)
            await self.mailboxes.verify(account.id, CanonicalEmail(account.email))
            await self.mailboxes.set_password(account.id, new_hash)
            await self.tokens.spend_all(account.id)
            await self.throttle.reset(account.id)
            await self.audit.record(EventTag.PASSWORD_RESET, user_id=account.id, origin=origin, sessions_ended=ended)
            await self.outbox.to_account(Letter.PASSWORD_CHANGED, account.id, origin)

        await self.database.transaction(work)
