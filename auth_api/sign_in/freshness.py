"""Confirmation of a sensitive operation by its user: by the password, or by a recent proof of identity."""

from dataclasses import dataclass
from datetime import datetime

from auth_api.credentials.passwords.service import PasswordService
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.assurance import Level, assurance_level
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import PASSWORD_METHOD, SIGN_IN_METHOD, StepUpRequiredException
from auth_api.sign_in.needed_proof import NeededProof
from auth_api.sign_in.policy import MfaPolicy, StepUpPolicy
from auth_api.sign_in.second_factors import AccountFactors, FactorMethod, SecondFactors
from auth_api.users.errors import InvalidCredentialsException, UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Decides whether the user, and not only the holder of an access token, sent a request.

    An operation is confirmed before its transaction, because the check of a password takes long, and again inside of
    it, on the locked row of the user. An account needs `aal2` if it has a second factor that it can use, or two-step
    login, or if the server requires a second factor, and `aal1` otherwise. The first factor can be added at `aal1`.
    """

    users: UserService
    passwords: PasswordService
    sessions: SessionService
    second_factors: SecondFactors
    policy: StepUpPolicy
    mfa_policy: MfaPolicy

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
        credentials = await self._decide(principal, has_password_sent=current_password is not None)
        if current_password is not None:
            await self.check_password(principal, current_password, credentials, request_context)
        return credentials

    async def require(
        self, principal: Principal, *, is_recent: bool = True, adds_factor: bool = False
    ) -> AccountFactors:
        """Return the factors of the user after a recent proof of identity.

        Args:
            principal: the caller.
            is_recent: whether the age of the proof counts, and not only its level.
            adds_factor: whether the operation adds a factor. The first one needs only `aal1`.

        Raises:
            StepUpRequiredException: the last proof is too weak or too old.
            UserNotFoundException: the user was deleted in the meantime.
        """
        credentials = await self.users.get_credentials(principal.id)
        factors = await self.second_factors.of_user(principal.id)
        needed = self._needed_proof(credentials, factors, adds_factor=adds_factor)
        if is_recent or not self._level(principal, await self.sessions.present_time()).satisfies(needed.level):
            await self._require_recent(principal, needed)
        return factors

    async def require_level(self, principal: Principal, level: Level, *, now: datetime) -> None:
        """Check the level of the last proof of identity, whatever its age.

        Args:
            principal: the caller.
            level: what the operation needs of any account.
            now: the present time, by the database's clock.

        Raises:
            StepUpRequiredException: the level is lower.
            UserNotFoundException: the user was deleted in the meantime.
        """
        if not self._level(principal, now).satisfies(level):
            raise self._step_up(await self.needed_proof(principal.id, at_least=level))

    async def accepts_password(self, credentials: Credentials) -> bool:
        """Return whether a user can prove their identity again by the password: not instead of a second factor."""
        if not credentials.has_password or credentials.user.two_step_since is not None:
            return False
        return not (await self.second_factors.of_user(credentials.user.id)).has_usable

    async def is_factor_required(self, user_id: int) -> bool:
        """Return whether the server requires a second factor of a user.

        Raises:
            UserNotFoundException: the user was deleted in the meantime.
        """
        return self.mfa_policy.requires(await self.users.get_credentials(user_id))

    async def needed_proof(
        self, user_id: int, *, at_least: Level = Level.AAL1, adds_factor: bool = False
    ) -> NeededProof:
        """Return the proof of identity that an operation of a user needs.

        Args:
            user_id: the user.
            at_least: the level that the operation needs of any account.
            adds_factor: whether the operation adds a factor. The first one needs only `aal1`.

        Raises:
            UserNotFoundException: the user was deleted in the meantime.
        """
        credentials = await self.users.get_credentials(user_id)
        factors = await self.second_factors.of_user(user_id)
        needed = self._needed_proof(credentials, factors, adds_factor=adds_factor)
        if needed.level.satisfies(at_least):
            return needed
        is_enough: set[str] = {FactorMethod.PASSKEY} if at_least is Level.PHR else set(FactorMethod)
        methods = tuple(method for method in needed.methods if method in is_enough)
        addable = tuple(kind for kind in self.second_factors.addable(factors) if kind in is_enough)
        return NeededProof(level=at_least, methods=methods, enrolment=() if methods else addable)

    async def missing_proof(self, principal: Principal, *, adds_factor: bool = False) -> NeededProof | None:
        """Return the proof of identity that an operation needs now; None if the last proof is good enough.

        Args:
            principal: the caller.
            adds_factor: as for `needed_proof`.

        Raises:
            UserNotFoundException: the user was deleted in the meantime.
        """
        needed = await self.needed_proof(principal.id, adds_factor=adds_factor)
        return None if await self.has_proved(principal, needed) else needed

    async def has_proved(self, principal: Principal, needed: NeededProof) -> bool:
        """Return whether the last proof of identity of a session reaches a level, and is recent."""
        now = await self.sessions.present_time()
        proved_at = principal.auth_time if needed.level is Level.AAL1 else principal.mfa_at
        is_recent = proved_at is not None and now - proved_at <= self.policy.max_age
        return is_recent and self._level(principal, now).satisfies(needed.level)

    async def admit_password_change(self, principal: Principal) -> Credentials:
        """Return the credentials of the user, after a recent proof of identity if the password is not enough.

        Raises:
            StepUpRequiredException: the account has a second factor or no password, and the last proof of identity is
                too weak or too old.
            UserNotFoundException: the user was deleted in the meantime.
        """
        credentials = await self.users.get_credentials(principal.id)
        factors = await self.second_factors.of_user(principal.id)
        needed = self._needed_proof(credentials, factors)
        if needed.level is not Level.AAL1 or not credentials.has_password:
            await self._require_recent(principal, needed)
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

    def _needed_proof(
        self, credentials: Credentials, factors: AccountFactors, *, adds_factor: bool = False
    ) -> NeededProof:
        is_two_step, is_required = credentials.user.two_step_since is not None, self.mfa_policy.requires(credentials)
        if not (is_two_step or factors.has_any):
            if is_required and not adds_factor:
                return NeededProof(level=Level.AAL2, methods=(), enrolment=self.second_factors.addable(factors))
            is_required = False
        if is_two_step or is_required or factors.has_usable:
            return NeededProof(level=Level.AAL2, methods=tuple(factors.usable))
        method = PASSWORD_METHOD if credentials.has_password else SIGN_IN_METHOD
        return NeededProof(level=Level.AAL1, methods=(method,))

    async def _require_recent(self, principal: Principal, needed: NeededProof) -> None:
        if not await self.has_proved(principal, needed):
            raise self._step_up(needed)

    def _step_up(self, needed: NeededProof) -> StepUpRequiredException:
        max_age = int(self.policy.max_age.total_seconds())
        return StepUpRequiredException(
            acr=needed.level, max_age=max_age, methods=needed.methods, enrolment=needed.enrolment
        )

    def _level(self, principal: Principal, now: datetime) -> Level:
        return assurance_level(principal.amr, principal.mfa_at, now, max_age=self.sessions.policy.mfa_max_age)

    async def hold(self, principal: Principal, *, has_password_sent: bool) -> None:
        """Lock the user's row, and decide again, see `confirm_again`.

        Args:
            principal: the caller.
            has_password_sent: whether `confirm` has checked a password.

        Raises:
            StepUpRequiredException: the account needs a stronger or more recent proof now.
            UserNotFoundException: the user was deleted in the meantime.
            TokenRevokedException: the session has ended in the meantime.
        """
        if await self.users.lock(principal.id) is None:
            raise UserNotFoundException
        await self.confirm_again(principal, has_password_sent=has_password_sent)

    async def confirm_again(self, principal: Principal, *, has_password_sent: bool) -> Principal:
        """Decide again inside the transaction that has locked the user's row, and return what the session has proved.

        Otherwise a request of an attacker, during which the owner resets the password, reports a stranger or adds a
        second factor, would take effect after that.

        Args:
            principal: the caller.
            has_password_sent: whether the right password was sent, which was checked before.

        Raises:
            StepUpRequiredException: the account needs a stronger or more recent proof now.
            UserNotFoundException: the user was deleted in the meantime.
            TokenRevokedException: the session has ended in the meantime.
        """
        present = await self.sessions.reload(principal)
        await self._decide(present, has_password_sent=has_password_sent)
        return present

    async def _decide(self, principal: Principal, *, has_password_sent: bool) -> Credentials:
        credentials = await self.users.get_credentials(principal.id)
        needed = self._needed_proof(credentials, await self.second_factors.of_user(principal.id))
        if not has_password_sent or needed.level is not Level.AAL1:
            await self._require_recent(principal, needed)
        return credentials
