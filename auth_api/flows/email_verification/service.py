"""Verify an address, and have the mail sent again."""

from dataclasses import dataclass
from typing import Final

import msgspec

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.email_verification.completion import RegistrationCompletion
from auth_api.flows.email_verification.mails import EMAIL_VERIFICATION
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import InvalidCredentialsException, UserNotFoundException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.service import UserService

VERIFIED: Final = "email_verified"


class AccountProof(msgspec.Struct, frozen=True, kw_only=True):
    """What comes along with a token that proves the mailbox.

    Attributes:
        user_id: the account that the request is logged in to.
        password: what somebody sent as the account's.
        username: the name to register with, where the one that was asked for is taken by now.
    """

    user_id: int | None = None
    password: str | None = None
    username: CanonicalUsername | None = None

    def __repr__(self) -> str:
        """Leave the password out."""
        return f"AccountProof({self.user_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationService:
    """Gives an address to whoever can read its mail."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    passwords: PasswordService
    access_revocation: AccessRevocation
    mail_limits: MailLimits
    completion: RegistrationCompletion

    async def resend(self, email: CanonicalEmail, request_context: RequestContext) -> None:
        """Have the mail sent again, if an account has this address and it is not verified.

        Nothing here depends on that: the same row is written, and the outbox finds out.
        """
        if await self.mail_limits.allow(EMAIL_VERIFICATION.name, email):
            await self.database.statement(lambda: self.outbox.to_email(EMAIL_VERIFICATION, email, request_context))

    async def verify(self, token: str, proof: AccountProof, request_context: RequestContext) -> str | None:
        """Verify the address that a token was sent to; in a registration that waits for it, open the account.

        The mailbox's owner need not be who registered: that may have been an impostor, who would have a way in from
        then on (MSRC, "Pre-hijacked accounts", 2022). Only who also is logged in to the account, or knows its
        password, finds it as it was. For anybody else all sessions end and there is no password any more.

        Returns:
            A token that sets a new password, where there is none any more.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired, or the account has another address.
            InvalidCredentialsException: the password is not the account's. The token still works.
            TooManyAttemptsException: too many were wrong; this one was not looked at. The token still works.
            DuplicateEmailException: the address got another account since somebody registered.
            DuplicateUsernameException: the name is taken by now. The token still works, with another name.
        """
        grant = await self.tokens.find(token, Purpose.EMAIL_VERIFICATION, Purpose.REGISTRATION)
        if grant.purpose == Purpose.REGISTRATION:
            return await self.completion.complete(
                token, grant, password=proof.password, username=proof.username, request_context=request_context
            )
        return await self._verify(token, grant, proof, request_context)

    async def _verify(
        self, token: str, grant: TokenGrant, proof: AccountProof, request_context: RequestContext
    ) -> str | None:
        user_id = grant.user_id or 0
        is_known = await self._knows_the_account(user_id, proof, request_context)
        email = CanonicalEmail(grant.payload["email"])

        async def work() -> str | None:
            await self.tokens.redeem(Purpose.EMAIL_VERIFICATION, token)
            is_news = await self.email_ownership.mark_verified(user_id, email)
            if is_news is None:
                raise OneTimeTokenInvalidException
            if not is_news:
                return None
            ended = 0 if is_known else await self._take_from_others(user_id)
            await self.audit.record(
                EventTag.EMAIL_VERIFIED,
                user_id=user_id,
                request_context=request_context,
                password_dropped=not is_known,
                sessions_ended=ended,
            )
            return None if is_known else await self.tokens.issue(Purpose.PASSWORD_RESET, user_id, email=email)

        return await self.database.transaction(work)

    async def _knows_the_account(self, user_id: int, proof: AccountProof, request_context: RequestContext) -> bool:
        try:
            found = await self.users.get_credentials(user_id)
        except UserNotFoundException:
            raise OneTimeTokenInvalidException from None
        if not found.user.is_active:
            raise OneTimeTokenInvalidException
        if proof.user_id == user_id:
            return True
        if proof.password is None:
            return False
        name = found.user.username
        if not await self.passwords.check(
            proof.password, credentials=found, identifier=name, request_context=request_context
        ):
            raise InvalidCredentialsException
        return True

    async def _take_from_others(self, user_id: int) -> int:
        """Leave nobody a way in. Returns how many sessions ended."""
        await self.email_ownership.remove_password(user_id)
        return await self.access_revocation.revoke_all(user_id, reason=VERIFIED)
