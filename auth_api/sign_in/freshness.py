"""Confirmation of a sensitive operation by its user: by the password, or by a recent login."""

from dataclasses import dataclass

from auth_api.credentials.passwords.service import PasswordService
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.sign_in.policy import StepUpPolicy
from auth_api.users.errors import InvalidCredentialsException, UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Decides whether the user, and not only the holder of an access token, sent a request."""

    users: UserService
    passwords: PasswordService
    sessions: SessionService
    policy: StepUpPolicy

    async def require(
        self, principal: Principal, *, current_password: str | None, request_context: RequestContext
    ) -> Credentials:
        """Return the credentials of the user after a confirmation; not for use within a transaction.

        A user without a password confirms by a login that is at most `STEP_UP_MAX_AGE_SECONDS` old. The transaction of
        the operation must begin with `hold`.

        Args:
            principal: the caller.
            current_password: as received; None if the request has none.
            request_context: the client of the request.

        Raises:
            ValidationException: the account has a password, and the request has none.
            InvalidCredentialsException: the password is wrong.
            TooManyAttemptsException: there were too many wrong passwords. This one was not compared.
            StepUpRequiredException: the account has no password, and the login was too long ago.
            UserNotFoundException: the user was deleted in the meantime.
            ServerOverloadedException: too many hashes are waiting.
        """
        credentials = await self.users.get_credentials(principal.id)
        if current_password is not None:
            if not await self.passwords.check(
                current_password,
                credentials=credentials,
                identifier=principal.user.username,
                request_context=request_context,
            ):
                raise InvalidCredentialsException(field="current_password")
        elif credentials.has_password:
            raise ValidationException([FieldError("current_password", "missing", "This field is required.")])
        elif not await self.sessions.is_fresh(principal, self.policy.max_age):
            raise StepUpRequiredException(max_age=int(self.policy.max_age.total_seconds()))
        return credentials

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
