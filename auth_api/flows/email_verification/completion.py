"""Creates the account of a staged registration, after its e-mail address is verified."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import DuplicateEmailException, InvalidCredentialsException, RegistrationClosedException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.policy import RegistrationPolicy
from auth_api.users.profile import EMPTY_PROFILE, ProfileInput
from auth_api.users.service import UserService


class StagedRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """The stored values of a registration without an account."""

    email: CanonicalEmail
    username: CanonicalUsername
    hashed_password: str
    locale: str | None
    profile: ProfileInput = EMPTY_PROFILE

    def __repr__(self) -> str:
        """Leave the password hash out."""
        return "StagedRegistration"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationCompletion:
    """Turns a staged registration into an account."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    audit: AuditTrail
    passwords: PasswordService
    registration_policy: RegistrationPolicy

    async def complete(
        self,
        token: str,
        grant: TokenGrant,
        *,
        password: str | None,
        username: CanonicalUsername | None,
        request_context: RequestContext,
    ) -> str | None:
        """Create the account with a verified e-mail address, without a session; see `VerificationService.verify`.

        Without the password of the registration, the account gets an unusable password: another person may have
        chosen the one that was registered.
        """
        staged = msgspec.convert(grant.payload, StagedRegistration)
        if not (self.registration_policy.is_open and self.registration_policy.allows(staged.email)):
            raise RegistrationClosedException  # the settings have changed since
        if password is not None and not await self.passwords.check_hash(
            password, staged.hashed_password, identifier=staged.email, request_context=request_context
        ):
            raise InvalidCredentialsException(field="password")
        has_password = password is not None

        async def work() -> str | None:
            # Before the tokens: of two requests with the e-mail address, the second waits without holding a token.
            user = await self.users.create(
                email=staged.email,
                username=username or staged.username,
                hashed_password=staged.hashed_password if has_password else UNUSABLE_HASH,
                locale=staged.locale,
                profile=staged.profile,
            )
            await self.tokens.redeem(Purpose.REGISTRATION, token)
            await self.email_ownership.mark_verified(user.id, staged.email)
            await self.tokens.delete_staged(Purpose.REGISTRATION, staged.email)
            await self.audit.record(AccountEvent.ACCOUNT_REGISTERED, user_id=user.id, request_context=request_context)
            await self.audit.record(
                AccountEvent.EMAIL_VERIFIED,
                user_id=user.id,
                request_context=request_context,
                password_dropped=not has_password,
            )
            if has_password:
                return None
            return await self.tokens.issue(Purpose.PASSWORD_RESET, user.id, email=staged.email)

        try:
            return await self.database.transaction(work)
        except DuplicateEmailException:
            await self.tokens.find(token, Purpose.REGISTRATION)  # raises if another request has redeemed it
            raise
