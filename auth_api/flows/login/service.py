"""Log in: prove who you are, then open a session."""

from dataclasses import dataclass

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.login.errors import AccountDisabledException, EmailNotVerifiedException
from auth_api.flows.login.metrics import LOGINS
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.mails import NEW_NETWORK
from auth_api.sessions.schemas import TokenPair
from auth_api.sessions.service import SessionService
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import InvalidCredentialsException
from auth_api.users.identifiers import parse_identifier
from auth_api.users.policy import VerificationPolicy
from auth_api.users.service import UserService
from auth_api.users.user import Credentials, User


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginService:
    """Logs people in by password."""

    database: Database
    users: UserService
    sessions: SessionService
    audit: AuditTrail
    hasher: PasswordHasher
    passwords: PasswordService
    outbox: Outbox
    verification_policy: VerificationPolicy

    async def with_password(
        self, *, email: str | None, username: str | None, password: str, request_context: RequestContext
    ) -> tuple[User, TokenPair]:
        """Return the account and a first pair of tokens.

        One of `email` and `username` is what somebody typed. The work is the same whether an account has it or not:
        one look-up, one hash, one transaction.

        Raises:
            InvalidCredentialsException: no such account, or not its password.
            AccountDisabledException: its password, but the account is disabled.
            EmailNotVerifiedException: its password, but the address has to be verified first.
            TooManyAttemptsException: too many were wrong; the password was not looked at.
            ServerOverloadedException: too many hashes wait already.
        """
        identifier = parse_identifier(email=email, username=username)
        with self.hasher.reserved_slot():  # a request without a slot is refused before it costs a query
            found = await self.users.find_credentials(identifier)
            try:
                matches = await self.passwords.check(
                    password, credentials=found, identifier=identifier.text, request_context=request_context
                )
            except TooManyAttemptsException:
                LOGINS["throttled"].inc()
                raise
        if found is None or not matches:
            await self._record_failure(found, request_context, reason="wrong_password" if found else "unknown_account")
            raise InvalidCredentialsException
        if not found.user.is_active:
            await self._record_failure(found, request_context, reason="account_disabled")
            raise AccountDisabledException
        if self.verification_policy.required and found.user.email_verified_at is None:
            await self._record_failure(found, request_context, reason="email_not_verified")
            raise EmailNotVerifiedException
        opened = await self._open(found, password, request_context)
        if opened is None:  # between look-up and now the password was changed, or the account disabled or deleted
            await self._record_failure(found, request_context, reason="account_changed")
            raise InvalidCredentialsException
        LOGINS["succeeded"].inc()
        return opened

    async def _open(
        self, found: Credentials, password: str, request_context: RequestContext
    ) -> tuple[User, TokenPair] | None:
        outdated = self.hasher.needs_rehash(found.hashed_password)
        new_hash = await self.hasher.hash(password) if outdated else None

        async def work() -> tuple[User, TokenPair] | None:
            user = await self.users.record_login(found, new_hash=new_hash)
            if user is None or user.last_login is None:
                return None
            opened = await self.sessions.open(user.id, at=user.last_login, request_context=request_context)
            await self.audit.record(EventTag.LOGIN_SUCCEEDED, user_id=user.id, request_context=request_context)
            is_new = opened.is_first and found.user.last_login is None
            if not (opened.is_known_network or is_new):
                await self.outbox.to_user(NEW_NETWORK, user.id, request_context)
            return user, opened.tokens

        return await self.database.transaction(work)

    async def _record_failure(self, found: Credentials | None, request_context: RequestContext, *, reason: str) -> None:
        user_id = found.user.id if found is not None else None
        await self.database.statement(
            lambda: self.audit.record(
                EventTag.LOGIN_FAILED, user_id=user_id, request_context=request_context, reason=reason
            )
        )
        LOGINS[reason].inc()
