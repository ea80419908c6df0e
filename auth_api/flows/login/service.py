"""Login with a password."""

from dataclasses import dataclass

from auth_api.credentials.passwords.service import PasswordService
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sign_in.proof import AMR_PASSWORD, Claim, Proof
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import InvalidCredentialsException
from auth_api.users.identifiers import parse_identifier
from auth_api.users.service import UserService
from auth_api.users.user import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginService:
    """Verifies a password, and hands the proof over to `SignIn`."""

    users: UserService
    hasher: PasswordHasher
    passwords: PasswordService
    sign_in: SignIn

    async def with_password(
        self,
        *,
        email: str | None,
        username: str | None,
        password: str,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> SignedIn:
        """Return the user and a new session, which a browser keeps if there is a `carrier`.

        Either `email` or `username` is set. The work is the same whether the user exists or not: one look-up, one hash.

        Raises:
            InvalidCredentialsException: the user does not exist, or the password is wrong.
            AccountDisabledException: the password is correct, but the account is disabled.
            EmailNotVerifiedException: the password is correct, but the e-mail address must be verified first.
            MfaRequiredException: the password is correct, and the user must prove a second factor.
            MfaEnrolmentRequiredException: the password is correct, and the user must add a second factor.
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
                self.sign_in.count_throttled()
                raise
        if credentials is None or not is_correct:
            reason, user_id = ("wrong_password", credentials.user.id) if credentials else ("unknown_account", None)
            await self.sign_in.record_failure(reason, user_id=user_id, request_context=request_context)
            raise InvalidCredentialsException
        needs_rehash = self.hasher.needs_rehash(credentials.hashed_password)
        new_hash = await self.hasher.hash(password) if needs_rehash else None
        return await self.sign_in.log_in(
            self._claim(credentials, new_hash),
            user_id=credentials.user.id,
            has_logged_in=credentials.user.last_login is not None,
            request_context=request_context,
            carrier=carrier,
        )

    def _claim(self, credentials: Credentials, new_hash: str | None) -> Claim:
        async def claim() -> Proof:
            login = await self.users.record_password_login(
                credentials, new_hash=new_hash, is_first_step=self.sign_in.mfa_policy.requires(credentials)
            )
            if login is None:  # since the look-up, the user was deleted or the password changed
                raise InvalidCredentialsException
            return Proof(
                user=login.user,
                methods=(AMR_PASSWORD,),
                has_administrative_role=login.has_administrative_role,
                auth_time=login.at,
            )

        return claim
