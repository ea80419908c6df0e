"""Login with a password."""

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
    """Verifies a password and opens a session."""

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
        """Return the user and the first token pair of a new session.

        Either `email` or `username` is set. The work is the same whether the user exists or not: one look-up, one hash.

        Raises:
            InvalidCredentialsException: the user does not exist, or the password is wrong.
            AccountDisabledException: the password is correct, but the account is disabled.
            EmailNotVerifiedException: the password is correct, but the e-mail address must be verified first.
            TooManyAttemptsException: there were too many wrong passwords. This one was not compared.
            ServerOverloadedException: too many hashes are waiting.
        """
        identifier = parse_identifier(email=email, username=username)
        with self.hasher.reserved_slot():  # a request without a slot is refused before it costs a query
            credentials = await self.users.find_credentials(identifier)
            try:
                is_correct = await self.passwords.check(
                    password, credentials=credentials, identifier=identifier.text, request_context=request_context
                )
            except TooManyAttemptsException:
                LOGINS["throttled"].inc()
                raise
        if credentials is None or not is_correct:
            reason = "wrong_password" if credentials else "unknown_account"
            await self._record_failure(credentials, request_context, reason=reason)
            raise InvalidCredentialsException
        if not credentials.user.is_active:
            await self._record_failure(credentials, request_context, reason="account_disabled")
            raise AccountDisabledException
        if self.verification_policy.required and credentials.user.email_verified_at is None:
            await self._record_failure(credentials, request_context, reason="email_not_verified")
            raise EmailNotVerifiedException
        result = await self._open_session(credentials, password, request_context)
        if result is None:  # since the look-up the password was changed, or the account was disabled or deleted
            await self._record_failure(credentials, request_context, reason="account_changed")
            raise InvalidCredentialsException
        LOGINS["succeeded"].inc()
        return result

    async def _open_session(
        self, credentials: Credentials, password: str, request_context: RequestContext
    ) -> tuple[User, TokenPair] | None:
        needs_rehash = self.hasher.needs_rehash(credentials.hashed_password)
        new_hash = await self.hasher.hash(password) if needs_rehash else None

        async def work() -> tuple[User, TokenPair] | None:
            user = await self.users.record_login(credentials, new_hash=new_hash)
            if user is None or user.last_login is None:
                return None
            session = await self.sessions.open(user.id, at=user.last_login, request_context=request_context)
            await self.audit.record(EventTag.LOGIN_SUCCEEDED, user_id=user.id, request_context=request_context)
            is_first_login = session.is_first and credentials.user.last_login is None
            if not (session.is_known_network or is_first_login):
                await self.outbox.to_user(NEW_NETWORK, user.id, request_context)
            return user, session.tokens

        return await self.database.transaction(work)

    async def _record_failure(
        self, credentials: Credentials | None, request_context: RequestContext, *, reason: str
    ) -> None:
        user_id = credentials.user.id if credentials is not None else None
        await self.database.statement(
            lambda: self.audit.record(
                EventTag.LOGIN_FAILED, user_id=user_id, request_context=request_context, reason=reason
            )
        )
        LOGINS[reason].inc()
