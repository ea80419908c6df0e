"""Confirmation of a sensitive operation by its user: by the password, or by a recent proof of identity."""

from dataclasses import dataclass

from auth_api.credentials.passwords.service import PasswordService
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.assurance import Level, assurance_level
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import PASSWORD_METHOD, SIGN_IN_METHOD, StepUpRequiredException
from auth_api.sign_in.policy import StepUpPolicy
from auth_api.sign_in.second_factors import AccountFactors, SecondFactors
from auth_api.users.errors import InvalidCredentialsException, UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Decides whether the user, and not only the holder of an access token, sent a request. Not within a transaction.

    An account needs `aal2` if it has a second factor that it can use, or two-step login, and `aal1` otherwise.
    """

    users: UserService
    passwords: PasswordService
    sessions: SessionService
    second_factors: SecondFactors
    policy: StepUpPolicy

    async def confirm(
        self, principal: Principal, *, current_password: str | None, request_context: RequestContext
    ) -> Credentials:
        """Return the credentials of the user after a recent proof of identity, or a correct password at `aal1`.

        The transaction of the operation must begin with `hold`.

        Args:
            principal: the caller.
            current_password: as received; None if the request has none.
            request_context: the client of the request.

        Raises:
            StepUpRequiredException: the last proof is too weak or too old, and no password replaces it.
            InvalidCredentialsException: a password was sent, and it is wrong.
            TooManyAttemptsException: there were too many wrong passwords. This one was not compared.
            UserNotFoundException: the user was deleted in the meantime.
            ServerOverloadedException: too many hashes are waiting.
        """
        credentials = await self.users.get_credentials(principal.id)
        factors = await self.second_factors.of_user(principal.id)
        level = own_level(credentials, factors)
        if current_password is None or level is not Level.AAL1:
            await self._require_recent(principal, level, credentials, factors)
        if current_password is not None:
            await self.check_password(principal, current_password, credentials, request_context)
        return credentials

    async def require(self, principal: Principal, *, is_recent: bool = True) -> AccountFactors:
        """Return the factors of the user after a recent proof of identity.

        Args:
            principal: the caller.
            is_recent: whether the age of the proof counts, and not only its level.

        Raises:
            StepUpRequiredException: the last proof is too weak or too old.
            UserNotFoundException: the user was deleted in the meantime.
        """
        credentials = await self.users.get_credentials(principal.id)
        factors = await self.second_factors.of_user(principal.id)
        level = own_level(credentials, factors)
        if is_recent or not (await self._level(principal)).satisfies(level):
            await self._require_recent(principal, level, credentials, factors)
        return factors

    async def methods_of(self, credentials: Credentials) -> tuple[str, ...]:
        """Return how a user can prove their identity again; an empty list if only an operator can help."""
        factors = await self.second_factors.of_user(credentials.user.id)
        return step_up_methods(own_level(credentials, factors), credentials, factors)

    async def admit_password_change(self, principal: Principal) -> Credentials:
        """Return the credentials of the user, after a recent proof of identity if the password is not enough.

        Raises:
            StepUpRequiredException: the account has a second factor or no password, and the last proof of identity is
                too weak or too old.
            UserNotFoundException: the user was deleted in the meantime.
        """
        credentials = await self.users.get_credentials(principal.id)
        factors = await self.second_factors.of_user(principal.id)
        level = own_level(credentials, factors)
        if level is not Level.AAL1 or not credentials.has_password:
            await self._require_recent(principal, level, credentials, factors)
        return credentials

    async def check_password(
        self, principal: Principal, password: str, credentials: Credentials, request_context: RequestContext
    ) -> None:
        """Check a password that a signed-in user sends.

        Raises:
            InvalidCredentialsException: the password is wrong.
            TooManyAttemptsException: there were too many wrong passwords. This one was not compared.
            ServerOverloadedException: too many hashes are waiting.
        """
        if not await self.passwords.check(
            password, credentials=credentials, identifier=principal.user.username, request_context=request_context
        ):
            raise InvalidCredentialsException(field="current_password")

    async def _require_recent(
        self, principal: Principal, level: Level, credentials: Credentials, factors: AccountFactors
    ) -> None:
        now = await self.sessions.present_time()
        proved_at = principal.auth_time if level is Level.AAL1 else principal.mfa_at
        is_recent = proved_at is not None and now - proved_at <= self.policy.max_age
        has_level = assurance_level(
            principal.amr, principal.mfa_at, now, max_age=self.sessions.policy.mfa_max_age
        ).satisfies(level)
        if not (is_recent and has_level):
            raise StepUpRequiredException(
                acr=level,
                max_age=int(self.policy.max_age.total_seconds()),
                methods=step_up_methods(level, credentials, factors),
            )

    async def _level(self, principal: Principal) -> Level:
        now = await self.sessions.present_time()
        return assurance_level(principal.amr, principal.mfa_at, now, max_age=self.sessions.policy.mfa_max_age)

    async def hold(self, principal: Principal) -> None:
        """Lock the user's row, and check that access was not revoked since the confirmation.

        Otherwise a request of an attacker, during which the owner resets the password or reports a stranger, would take
        effect after that.

        Raises:
            UserNotFoundException: the user was deleted in the meantime.
            TokenRevokedException: the session has ended in the meantime.
        """
        if await self.users.lock(principal.id) is None:
            raise UserNotFoundException
        await self.sessions.require_live(principal)


def own_level(credentials: Credentials, factors: AccountFactors) -> Level:
    """Return the level that sensitive operations of an account need."""
    needs_factor = credentials.user.two_step_since is not None or bool(factors.usable)
    return Level.AAL2 if needs_factor else Level.AAL1


def step_up_methods(level: Level, credentials: Credentials, factors: AccountFactors) -> tuple[str, ...]:
    """Return how a user can prove their identity again; an empty list if only an operator can help."""
    if level is Level.AAL1:
        return (PASSWORD_METHOD,) if credentials.has_password else (SIGN_IN_METHOD,)
    return tuple(factors.usable)
