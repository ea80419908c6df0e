"""Password reset, and the report of a stranger by the link of a security notice."""

from dataclasses import dataclass

from auth_api.credentials.identities.service import Identities
from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.credentials.passwords.mails import PASSWORD_CHANGED
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.password_recovery.mails import ACCOUNT_RECOVERED, PASSWORD_RESET
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.roles.service import RoleService
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.events import SessionEvent
from auth_api.sign_in.factor_counts import factor_counts
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.password_rules import PasswordRules
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryService:
    """Restores access to an account, for a client that has a token sent to its e-mail address."""

    database: Database
    email_ownership: EmailOwnership
    roles: RoleService
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    hasher: PasswordHasher
    password_rules: PasswordRules
    access_revocation: AccessRevocation
    second_factors: SecondFactors
    identities: Identities

    async def forgot(self, email: CanonicalEmail, request_context: RequestContext) -> None:
        """Send a mail to the user with this e-mail address, if there is one.

        The same row is written in any case: whether the mail is sent is decided when it is drafted.
        """
        await self.database.transaction(lambda: self.outbox.to_email(PASSWORD_RESET, email, request_context))

    async def find_user(self, token: str) -> User:
        """Return the user whose password a token resets. The token still works.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired, or its account is disabled or deleted.
        """
        grant = await self.tokens.find(token, Purpose.PASSWORD_RESET)
        user = await self.email_ownership.find(grant.user_id) if grant.user_id is not None else None
        if user is None or not user.is_active or user.email != grant.payload.get("email"):
            raise OneTimeTokenInvalidException
        return user

    async def reset(self, token: str, new_password: str, request_context: RequestContext) -> None:
        """Set a new password and end all sessions. The token still works if the password is rejected.

        It also verifies the e-mail address. If that is new and the account has no role, another person may have
        registered, as `VerificationService.verify` explains: then the second factors are removed, which otherwise stay.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired, or its account is disabled or deleted.
            WeakPasswordException: the password breaks the password rules.
            ServerOverloadedException: too many hashes are waiting.
        """
        user = await self.find_user(token)
        named = {"username": user.username, "email": user.email}
        self.password_rules.check(new_password, named, field="new_password")
        new_hash = await self.hasher.hash(new_password)

        async def work() -> None:
            # Logins lock this row, too: sessions opened with the old password until now are ended below.
            locked = await self.email_ownership.lock(user.id)
            is_claimed = locked is not None and await self.roles.is_claimable(locked)
            await self.tokens.redeem(Purpose.PASSWORD_RESET, token)
            if await self.email_ownership.mark_verified(user.id, CanonicalEmail(user.email)) is None:
                raise OneTimeTokenInvalidException
            ended = 0
            if is_claimed:
                ended = await self.access_revocation.revoke(
                    AccessEvent.EMAIL_VERIFIED, user.id, request_context=request_context
                )
            await self.email_ownership.set_password(user.id, new_hash)
            ended += await self.access_revocation.revoke(AccessEvent.PASSWORD_RESET, user.id)
            await self.audit.record(
                PasswordEvent.PASSWORD_RESET, user_id=user.id, request_context=request_context, sessions_ended=ended
            )
            kept = factor_counts(await self.second_factors.of_user(user.id))
            identities = await self.identities.names_of_user(user.id)
            await self.outbox.to_user(
                PASSWORD_CHANGED, user.id, request_context, kept_factors=kept, kept_identities=identities
            )

        await self.database.transaction(work)

    async def report(self, token: str, request_context: RequestContext) -> None:
        """Revoke all access to an account after unauthorized use, and mail its owner a link to set a new password.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired.
        """
        user_id = (await self.tokens.find(token, Purpose.SESSION_REPORT)).user_id
        if user_id is None:
            raise OneTimeTokenInvalidException

        async def work() -> None:
            await self.email_ownership.lock(user_id)
            await self.tokens.redeem(Purpose.SESSION_REPORT, token)
            before = factor_counts(await self.second_factors.of_user(user_id))
            ended = await self.access_revocation.revoke(AccessEvent.REPORTED, user_id, request_context=request_context)
            kept = factor_counts(await self.second_factors.of_user(user_id))
            await self.audit.record(
                SessionEvent.SESSIONS_REPORTED, user_id=user_id, request_context=request_context, sessions_ended=ended
            )
            await self.outbox.to_user(
                ACCOUNT_RECOVERED,
                user_id,
                request_context,
                removed_factors=before - kept,
                kept_factors=kept,
                kept_identities=await self.identities.names_of_user(user_id),
            )

        await self.database.transaction(work)
