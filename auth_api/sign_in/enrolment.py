"""Addition of factors: by a session, or by a login that needs its first one because the server requires it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NewType

import msgspec

from auth_api.credentials.recovery_codes.service import NewRecoveryCodes
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.errors import AuthenticationRequiredException
from auth_api.sessions.principal import Principal
from auth_api.sign_in.errors import MfaTokenInvalidException
from auth_api.sign_in.factor_changes import FactorChanges
from auth_api.sign_in.factor_results import NewFactor
from auth_api.sign_in.pending_login import PendingLogin, PendingPurpose
from auth_api.sign_in.pending_logins import PendingLogins
from auth_api.sign_in.proof import Proof, methods_after
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import User

MfaToken = NewType("MfaToken", str)
"""The token of a login that waits for its first factor."""


class Enrollee(msgspec.Struct, frozen=True, kw_only=True):
    """A user who adds a factor, and to what the secret or challenge of the factor belongs: a session or a login."""

    user: User
    binding: str


class EnrolledLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login that has added the first factor, and the recovery codes that came with it."""

    signed_in: SignedIn
    recovery_codes: NewRecoveryCodes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Lets users add factors, and completes the logins that need one."""

    users: UserService
    pending_logins: PendingLogins
    changes: FactorChanges
    sign_in: SignIn

    async def admit(self, caller: Principal | MfaToken) -> Enrollee:
        """Let a user begin to add a factor, inside the transaction of the flow. A login stays pending.

        Raises:
            MfaTokenInvalidException: no login waits for its first factor with this token.
            EmailNotVerifiedException: the e-mail address must be verified first.
            AuthException: of a session: see `FactorChanges.admit_enrolment`.
        """
        if isinstance(caller, Principal):
            return Enrollee(user=await self.changes.admit_enrolment(caller), binding=session_binding(caller))
        pending = await self.pending(caller)
        user = await self.users.lock(pending.user_id)
        await self.pending(caller)  # it may have ended before the row was locked
        if user is None:
            raise MfaTokenInvalidException
        self.changes.require_verified(user)
        return Enrollee(user=user, binding=login_binding(pending))

    async def pending(self, mfa_token: MfaToken) -> PendingLogin:
        """Return the login that waits for its first factor.

        Raises:
            MfaTokenInvalidException: no login does so with this token.
        """
        return await self.pending_logins.find(mfa_token, PendingPurpose.ENROLMENT)

    async def complete(
        self,
        pending: PendingLogin,
        add: Callable[[], Awaitable[NewFactor]],
        request_context: RequestContext,
        *,
        carrier: BrowserCarrier | None = None,
    ) -> EnrolledLogin:
        """Store the first factor, and open the session of the login, in one transaction.

        Args:
            pending: the login.
            add: verifies and stores the factor, after the row of the user was locked and the login was ended.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            MfaTokenInvalidException: the login has ended in the meantime.
            AccountDisabledException: the account has been disabled in the meantime.
            EmailNotVerifiedException: the e-mail address must be verified first.
            ApplicationException: an error of `add`. The login goes on.
        """
        codes: NewRecoveryCodes | None = None
        try:
            before = (await self.users.get_credentials(pending.user_id)).user
        except UserNotFoundException:
            raise MfaTokenInvalidException from None

        async def claim() -> Proof:
            nonlocal codes
            login = await self.users.record_login(pending.user_id)
            if login is None:
                raise MfaTokenInvalidException
            await self.pending_logins.claim(pending)
            await self.pending_logins.end_all(pending.user_id)  # locked before the factors
            new = await add()
            codes = await self.changes.complete_first_addition(pending.user_id, new, request_context)
            methods = methods_after(new.method, pending.methods)
            return Proof(
                user=login.user,
                methods=methods,
                has_administrative_role=login.has_administrative_role,
                auth_time=login.at,
                mfa_at=login.at,
                identity_id=pending.identity_id,
            )

        signed_in = await self.sign_in.log_in(
            claim,
            user_id=pending.user_id,
            has_logged_in=before.last_login is not None,
            request_context=request_context,
            carrier=carrier,
        )
        return EnrolledLogin(signed_in=signed_in, recovery_codes=codes)


def enrolling_caller(principal: Principal | None, mfa_token: str | None) -> Principal | MfaToken:
    """Return who adds a factor: the session of the access token, or the login of the `mfa_token`.

    Raises:
        ValidationException: the request has both.
        AuthenticationRequiredException: it has neither.
    """
    if principal is not None:
        if mfa_token is not None:
            raise ValidationException(
                [FieldError("mfa_token", "conflict", "Send an access token or an mfa_token, not both.")]
            )
        return principal
    if mfa_token is None:
        raise AuthenticationRequiredException
    return MfaToken(mfa_token)


def session_binding(principal: Principal) -> str:
    """Return to what a factor belongs that a session is adding."""
    return f"{principal.id} {principal.session_id}"


def login_binding(pending: PendingLogin) -> str:
    """Return to what a factor belongs that a login is adding."""
    return f"{pending.user_id} login {pending.id}"
