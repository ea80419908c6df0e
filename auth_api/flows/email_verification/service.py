"""Verification of e-mail addresses, and sending the mail again."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.email_verification.completion import RegistrationCompletion
from auth_api.flows.email_verification.mails import EMAIL_VERIFICATION
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.roles.service import RoleService
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import InvalidCredentialsException, UserNotFoundException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.service import UserService


class AccountProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sends in addition to the token, to prove access to the account.

    Attributes:
        user_id: the user that the request is authenticated as.
        password: not checked yet.
        username: to complete a registration with, if the registered one is taken by now.
    """

    user_id: int | None = None
    password: str | None = None
    username: CanonicalUsername | None = None

    def __repr__(self) -> str:
        """Leave the password out."""
        return f"AccountProof({self.user_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationService:
    """Marks e-mail addresses as verified, for clients that have the token sent to them."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    roles: RoleService
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    passwords: PasswordService
    access_revocation: AccessRevocation
    completion: RegistrationCompletion

    async def resend(self, email: CanonicalEmail, request_context: RequestContext) -> None:
        """Send the mail again, if a user has this e-mail address and has not verified it.

        The same row is written in any case: whether the mail is sent is decided when it is drafted.
        """
        await self.database.transaction(lambda: self.outbox.to_email(EMAIL_VERIFICATION, email, request_context))

    async def is_sent_to(self, user_id: int | None, token: str) -> bool:
        """Return whether a token verifies the e-mail address of this user, who then needs no password for it.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired.
        """
        grant = await self.tokens.find(token, Purpose.EMAIL_VERIFICATION, Purpose.REGISTRATION)
        return grant.user_id is not None and grant.user_id == user_id

    async def verify(self, token: str, proof: AccountProof, request_context: RequestContext) -> str | None:
        """Verify the e-mail address that a token was sent to, or complete the registration that waits for it.

        Another person than the mailbox's owner may have registered, and would keep access to the account ("Pre-hijacked
        accounts", MSRC, 2022). Therefore, unless the client also is logged in to the account or knows its password,
        all sessions are ended and the password is removed. An account that has a role keeps both: an administrator
        knows its user.

        Returns:
            A token to set a new password with, if the password was removed.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired, or the user has another e-mail address.
            InvalidCredentialsException: the password is wrong. The token still works.
            TooManyAttemptsException: too many passwords were wrong; this one was not checked. The token still works.
            DuplicateEmailException: another user got the e-mail address since the registration.
            RegistrationClosedException: the settings no longer allow the registration. The token still works.
            DuplicateUsernameException: the username is taken by now. The token still works, with another username.
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
        has_access = await self._has_access(user_id, proof, request_context)
        email = CanonicalEmail(grant.payload["email"])

        async def work() -> str | None:
            user = await self.email_ownership.lock(user_id)
            is_claimed = not has_access and user is not None and await self.roles.is_claimable(user)
            await self.tokens.redeem(Purpose.EMAIL_VERIFICATION, token)
            is_newly_verified = await self.email_ownership.mark_verified(user_id, email)
            if is_newly_verified is None:
                raise OneTimeTokenInvalidException
            if not is_newly_verified:
                return None
            ended = 0
            if is_claimed:
                ended = await self.access_revocation.revoke(
                    AccessEvent.EMAIL_VERIFIED, user_id, request_context=request_context
                )
            await self.audit.record(
                AccountEvent.EMAIL_VERIFIED,
                user_id=user_id,
                request_context=request_context,
                password_dropped=is_claimed,
                sessions_ended=ended,
            )
            return None if not is_claimed else await self.tokens.issue(Purpose.PASSWORD_RESET, user_id, email=email)

        return await self.database.transaction(work)

    async def _has_access(self, user_id: int, proof: AccountProof, request_context: RequestContext) -> bool:
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
            raise InvalidCredentialsException(field="password")
        return True
