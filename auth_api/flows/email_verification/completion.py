"""Opens the account that a registration asked for, once the mailbox is proved."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import InvalidCredentialsException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.service import UserService


class StagedRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """What was laid down when somebody registered."""

    email: CanonicalEmail
    username: CanonicalUsername
    hashed_password: str
    locale: str | None

    def __repr__(self) -> str:
        """Leave the hash out."""
        return "StagedRegistration"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationCompletion:
    """Turns a registration that waits into an account."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    audit: AuditTrail
    passwords: PasswordService

    async def complete(
        self,
        token: str,
        grant: TokenGrant,
        *,
        password: str | None,
        username: CanonicalUsername | None,
        request_context: RequestContext,
    ) -> str | None:
        """Open the account, verified, without a session; see `VerificationService.verify`.

        Without the password that was registered with, the account has none: an impostor may have chosen it.
        """
        wanted = msgspec.convert(grant.payload, StagedRegistration)
        if password is not None and not await self.passwords.check_hash(
            password, wanted.hashed_password, identifier=wanted.email, request_context=request_context
        ):
            raise InvalidCredentialsException
        is_known = password is not None

        async def work() -> str | None:
            await self.tokens.redeem(Purpose.REGISTRATION, token)
            user = await self.users.create(
                email=wanted.email,
                username=username or wanted.username,
                hashed_password=wanted.hashed_password if is_known else UNUSABLE_HASH,
                locale=wanted.locale,
            )
            await self.email_ownership.mark_verified(user.id, wanted.email)
            await self.tokens.delete_staged(Purpose.REGISTRATION, wanted.email)
            await self.audit.record(EventTag.ACCOUNT_REGISTERED, user_id=user.id, request_context=request_context)
            await self.audit.record(
                EventTag.EMAIL_VERIFIED, user_id=user.id, request_context=request_context, password_dropped=not is_known
            )
            return None if is_known else await self.tokens.issue(Purpose.PASSWORD_RESET, user.id, email=wanted.email)

        return await self.database.transaction(work)
