"""Complete a login by a second factor."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from auth_api.credentials.errors import FactorInvalidException, PasskeyInvalidException, PasskeyUnknownException
from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.second_factor.mails import PASSWORD_DROPPED
from auth_api.flows.second_factor.metrics import SECOND_FACTORS
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.options import RequestOptions
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sign_in.errors import MfaTokenInvalidException
from auth_api.sign_in.events import SecondFactorEvent
from auth_api.sign_in.guesses import Guess, SecondFactorGuesses
from auth_api.sign_in.pending_login import PendingLogin, PendingPurpose
from auth_api.sign_in.pending_logins import PendingLogins
from auth_api.sign_in.proof import AMR_PASSWORD, Proof, methods_after
from auth_api.sign_in.second_factors import CheckedFactor, FactorMethod, SecondFactors
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.service import UserService


class CompletedLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A user, the session, and the number of unused recovery codes if one was used."""

    signed_in: SignedIn
    recovery_codes_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorService:
    """Checks second factors of pending logins, and hands the proofs over to `SignIn`."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    sign_in: SignIn
    pending_logins: PendingLogins
    second_factors: SecondFactors
    guesses: SecondFactorGuesses
    audit: AuditTrail
    outbox: Outbox

    async def complete(
        self,
        mfa_token: str,
        method: FactorMethod,
        code: str,
        request_context: RequestContext,
        *,
        carrier: BrowserCarrier | None = None,
    ) -> CompletedLogin:
        """Return the user and a new session.

        Args:
            mfa_token: from the response to the first step.
            method: the kind of the code.
            code: as the user typed it.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            MfaTokenInvalidException: the login has ended, or all its guesses are used.
            FactorNotFoundException: the user cannot use this method. It is not counted.
            TooManyAttemptsException: there were too many wrong second factors. This one was not checked.
            FactorInvalidException: the code is wrong or was used before.
            AccountDisabledException: the account has been disabled in the meantime.
            EmailNotVerifiedException: the e-mail address must be verified first.
        """
        pending = await self.pending_logins.find(mfa_token, PendingPurpose.SECOND_FACTOR)
        checked = await self.second_factors.check_code(pending.user_id, method, code)
        guess = await self.guesses.admit(pending.user_id, method, request_context, SECOND_FACTORS)
        codes_left: int | None = None

        async def claim() -> Proof:
            nonlocal codes_left
            proof = await self._claim(pending, checked)
            codes_left = await self.guesses.record_recovery_code(guess)
            return proof

        attempts_left: int | None = None
        event, end = SecondFactorEvent.LOGIN_SECOND_FACTOR_FAILED, self._end_of(pending, guess)
        try:
            async with self.guesses.recorded(guess, event, end=end):
                attempts_left = await self.database.statement(lambda: self.pending_logins.count_attempt(pending))
                signed_in = await self.sign_in.log_in(
                    claim,
                    user_id=pending.user_id,
                    has_logged_in=True,
                    request_context=request_context,
                    carrier=carrier,
                )
        except FactorInvalidException as error:
            raise FactorInvalidException(attempts_left=attempts_left) from error
        return CompletedLogin(signed_in=signed_in, recovery_codes_left=codes_left)

    async def methods(self, mfa_token: str) -> tuple[FactorMethod, ...]:
        """Return how the user who logs in can prove a second factor now, best first.

        Raises:
            MfaTokenInvalidException: the login has ended, or all its guesses are used.
        """
        pending = await self.pending_logins.find(mfa_token, PendingPurpose.SECOND_FACTOR)
        return (await self.second_factors.of_user(pending.user_id)).usable

    async def passkey_options(self, mfa_token: str) -> RequestOptions:
        """Return the options with which a browser uses a passkey of the user who logs in.

        Raises:
            MfaTokenInvalidException: the login has ended, or all its guesses are used.
            FactorNotFoundException: the user has no passkey that can be used here.
        """
        pending = await self.pending_logins.find(mfa_token, PendingPurpose.SECOND_FACTOR)
        return await self.second_factors.passkey_options(
            pending.user_id, ChallengePurpose.SECOND_FACTOR, binding=str(pending.id)
        )

    async def complete_with_passkey(
        self,
        mfa_token: str,
        credential: object,
        request_context: RequestContext,
        *,
        carrier: BrowserCarrier | None = None,
    ) -> CompletedLogin:
        """Return the user and a new session. There is nothing to guess, so only the attempts of one login are limited.

        Args:
            mfa_token: from the response to the first step.
            credential: the JSON value that the browser sent.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            MfaTokenInvalidException: the login has ended, or all its guesses are used.
            FactorNotFoundException: the user has no passkey that can be used here. It is not counted.
            PasskeyInvalidException: what the browser sent is not acceptable, or it was used before.
            PasskeyUnknownException: the passkey is not registered.
            AccountDisabledException: the account has been disabled in the meantime.
            EmailNotVerifiedException: the e-mail address must be verified first.
        """
        pending = await self.pending_logins.find(mfa_token, PendingPurpose.SECOND_FACTOR)
        await self.second_factors.usable_passkeys(pending.user_id)
        await self.database.statement(lambda: self.pending_logins.count_attempt(pending))
        try:
            with self.second_factors.passkeys.counted(ChallengePurpose.SECOND_FACTOR):
                checked = await self.second_factors.check_passkey(
                    pending.user_id,
                    credential,
                    ChallengePurpose.SECOND_FACTOR,
                    binding=str(pending.id),
                    request_context=request_context,
                )
                signed_in = await self.sign_in.log_in(
                    lambda: self._claim(pending, checked),
                    user_id=pending.user_id,
                    has_logged_in=True,
                    request_context=request_context,
                    carrier=carrier,
                )
        except (PasskeyInvalidException, PasskeyUnknownException):
            await self.guesses.record_wrong_proof(
                pending.user_id,
                FactorMethod.PASSKEY,
                SecondFactorEvent.LOGIN_SECOND_FACTOR_FAILED,
                SECOND_FACTORS,
                request_context,
            )
            raise
        SECOND_FACTORS[FactorMethod.PASSKEY, "succeeded"].inc()
        return CompletedLogin(signed_in=signed_in)

    async def _claim(self, pending: PendingLogin, checked: CheckedFactor) -> Proof:
        login = await self.users.record_login(pending.user_id)
        if login is None:
            raise MfaTokenInvalidException
        await self.pending_logins.claim(pending)
        if not await checked.claim():
            raise FactorInvalidException
        methods = methods_after(checked.method, pending.methods)
        return Proof(
            user=login.user,
            methods=methods,
            has_administrative_role=login.has_administrative_role,
            auth_time=login.at,
            mfa_at=login.at,
            identity_id=pending.identity_id,
        )

    def _end_of(self, pending: PendingLogin, guess: Guess) -> Callable[[], Awaitable[None]]:
        async def end() -> None:
            """End all pending logins, and remove the password if it was the first factor: an attacker knows it."""
            await self.pending_logins.end_all(pending.user_id)
            if AMR_PASSWORD in pending.methods:
                await self.email_ownership.remove_password(pending.user_id)
                await self.audit.record(
                    PasswordEvent.PASSWORD_DROPPED, user_id=pending.user_id, request_context=guess.request_context
                )
                await self.outbox.to_user(PASSWORD_DROPPED, pending.user_id, guess.request_context)

        return end
