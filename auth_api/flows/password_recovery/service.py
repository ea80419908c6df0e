"""Forgot and reset; and what a notice offers to whoever did not do what it tells of."""

from dataclasses import dataclass
from typing import Final

from auth_api.credentials.passwords.mails import PASSWORD_CHANGED
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.password_rules import PasswordRules

RESET: Final = "password_reset"
REPORTED: Final = "reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryService:
    """Gives an account back to whoever can read its mail."""

    database: Database
    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    hasher: PasswordHasher
    password_rules: PasswordRules
    access_revocation: AccessRevocation
    mail_limits: MailLimits

    async def forgot(self, email: CanonicalEmail, request_context: RequestContext) -> None:
        """Have a mail sent to the account of this address, if there is one.

        Nothing here depends on that: the same row is written, and the outbox finds out.
        """
        if await self.mail_limits.allow(PASSWORD_RESET.name, email):
            await self.database.statement(lambda: self.outbox.to_email(PASSWORD_RESET, email, request_context))

    async def reset(self, token: str, new_password: str, request_context: RequestContext) -> None:
        """Set a new password and end every session.

        A password that breaks rules leaves the token as it is.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired; or its account is disabled or gone.
            WeakPasswordException: the password breaks rules.
            ServerOverloadedException: too many hashes wait already.
        """
        grant = await self.tokens.find(token, Purpose.PASSWORD_RESET)
        user = await self.email_ownership.find(grant.user_id) if grant.user_id is not None else None
        if user is None or not user.is_active or user.email != grant.payload.get("email"):
            raise OneTimeTokenInvalidException
        named = {"username": user.username, "email": user.email}
        self.password_rules.check(new_password, named, field="new_password")
        new_hash = await self.hasher.hash(new_password)

        async def work() -> None:
            await self.tokens.redeem(Purpose.PASSWORD_RESET, token)
            # First what logins wait for: who logged in by the old password until then is thrown out below.
            if await self.email_ownership.mark_verified(user.id, CanonicalEmail(user.email)) is None:
                raise OneTimeTokenInvalidException
            await self.email_ownership.set_password(user.id, new_hash)
            ended = await self.access_revocation.revoke_all(user.id, reason=RESET)
            await self.audit.record(
                EventTag.PASSWORD_RESET, user_id=user.id, request_context=request_context, sessions_ended=ended
            )
            await self.outbox.to_user(PASSWORD_CHANGED, user.id, request_context)

        await self.database.transaction(work)

    async def report(self, token: str, request_context: RequestContext) -> None:
        """Lock an account for everybody, as somebody was in it who is not its owner, and mail the owner the way back.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired.
        """

        async def work() -> None:
            user_id = (await self.tokens.redeem(Purpose.SESSION_REPORT, token)).user_id
            if user_id is None:
                raise OneTimeTokenInvalidException
            await self.email_ownership.remove_password(user_id)
            ended = await self.access_revocation.revoke_all(user_id, reason=REPORTED)
            await self.audit.record(
                EventTag.SESSIONS_REPORTED, user_id=user_id, request_context=request_context, sessions_ended=ended
            )
            await self.outbox.to_user(PASSWORD_RESET, user_id, request_context)

        await self.database.transaction(work)
