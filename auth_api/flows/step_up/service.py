"""Prove an identity again within a session."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.errors import (
    FactorInvalidException,
    FactorNotFoundException,
    PasskeyInvalidException,
    PasskeyUnknownException,
)
from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.step_up.metrics import STEP_UPS
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.options import RequestOptions
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.assurance import Method
from auth_api.sessions.opened import ProvedSession
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import PASSWORD_METHOD
from auth_api.sign_in.events import SecondFactorEvent
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.guesses import SecondFactorGuesses
from auth_api.sign_in.second_factors import FactorMethod, SecondFactors
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService


class SteppedUpSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session after the proof, and the number of unused recovery codes if one was used."""

    session: ProvedSession
    recovery_codes_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUpService:
    """Checks further proofs of identity, and records them in the session of the request."""

    database: Database
    users: UserService
    sessions: SessionService
    freshness: Freshness
    passwords: PasswordService
    second_factors: SecondFactors
    guesses: SecondFactorGuesses
    access_revocation: AccessRevocation
    audit: AuditTrail

    async def with_code(
        self, principal: Principal, method: FactorMethod, code: str, request_context: RequestContext
    ) -> SteppedUpSession:
        """Prove the identity by a second factor.

        Args:
            principal: the caller.
            method: the kind of the code.
            code: as the user typed it.
            request_context: the client of the request.

        Raises:
            FactorNotFoundException: the user cannot use this method. It is not counted.
            TooManyAttemptsException: there were too many wrong second factors. This one was not checked.
            FactorInvalidException: the code is wrong or was used before.
            TokenRevokedException: the session has ended in the meantime.
        """
        if method is FactorMethod.RECOVERY_CODE:  # accepted only instead of a second factor
            needed = await self.freshness.needed_proof(principal.id)
            if method not in needed.methods:
                raise FactorNotFoundException
        checked = await self.second_factors.check_code(principal.id, method, code)
        guess = await self.guesses.admit(principal.id, method, request_context, STEP_UPS)

        async def work() -> SteppedUpSession:
            await self.users.forget_second_factor_failures(principal.id)  # locks the row before the factor
            if not await checked.claim():
                raise FactorInvalidException
            left = await self.guesses.record_recovery_code(guess)
            session = await self._record(principal, checked.method, method, request_context)
            return SteppedUpSession(session=session, recovery_codes_left=left)

        async def end() -> None:
            await self.access_revocation.end_guessed(principal, request_context)

        async with self.guesses.recorded(guess, SecondFactorEvent.STEP_UP_FAILED, end=end):
            return await self.database.transaction(work)

    async def passkey_options(self, principal: Principal) -> RequestOptions:
        """Return the options with which a browser uses a passkey of the user.

        Raises:
            FactorNotFoundException: the user has no passkey that can be used here.
        """
        return await self.second_factors.passkey_options(
            principal.id, ChallengePurpose.STEP_UP, binding=str(principal.session_id)
        )

    async def with_passkey(
        self, principal: Principal, credential: object, request_context: RequestContext
    ) -> SteppedUpSession:
        """Prove the identity by a passkey.

        Args:
            principal: the caller.
            credential: the JSON value that the browser sent.
            request_context: the client of the request.

        Raises:
            FactorNotFoundException: the user has no passkey that can be used here.
            PasskeyInvalidException: what the browser sent is not acceptable, or it was used before.
            PasskeyUnknownException: the passkey is not registered.
            TokenRevokedException: the session has ended in the meantime.
        """
        await self.second_factors.usable_passkeys(principal.id)
        try:
            with self.second_factors.passkeys.counted(ChallengePurpose.STEP_UP):
                checked = await self.second_factors.check_passkey(
                    principal.id,
                    credential,
                    ChallengePurpose.STEP_UP,
                    binding=str(principal.session_id),
                    request_context=request_context,
                )

                async def work() -> ProvedSession:
                    await self.users.forget_second_factor_failures(principal.id)  # locks the row before the passkey
                    await checked.claim()
                    return await self._record(principal, checked.method, FactorMethod.PASSKEY, request_context)

                session = await self.database.transaction(work)
        except (PasskeyInvalidException, PasskeyUnknownException):
            await self.guesses.record_wrong_proof(
                principal.id, FactorMethod.PASSKEY, SecondFactorEvent.STEP_UP_FAILED, STEP_UPS, request_context
            )
            raise
        STEP_UPS[FactorMethod.PASSKEY, "succeeded"].inc()
        return SteppedUpSession(session=session)

    async def with_password(
        self, principal: Principal, password: str, request_context: RequestContext
    ) -> SteppedUpSession:
        """Prove the identity by the password. Only accounts without a second factor can do so.

        Raises:
            FactorNotFoundException: the user has no password, or has to use a second factor. It is not counted.
            TooManyAttemptsException: there were too many wrong passwords. This one was not compared.
            FactorInvalidException: the password is wrong.
            ServerOverloadedException: too many hashes are waiting.
            TokenRevokedException: the session has ended in the meantime.
            UserNotFoundException: the user was deleted in the meantime.
        """
        credentials = await self.users.get_credentials(principal.id)
        if not await self.freshness.accepts_password(credentials):
            raise FactorNotFoundException
        try:
            is_correct = await self.passwords.check(
                password,
                credentials=credentials,
                identifier=principal.user.username,
                request_context=request_context,
            )
        except TooManyAttemptsException:
            STEP_UPS[PASSWORD_METHOD, "throttled"].inc()
            raise
        if not is_correct:
            await self.guesses.record_wrong_proof(
                principal.id, PASSWORD_METHOD, SecondFactorEvent.STEP_UP_FAILED, STEP_UPS, request_context
            )
            raise FactorInvalidException

        async def work() -> ProvedSession:
            # A change of the password has ended this session, so the password need not be compared again.
            if await self.users.lock(principal.id) is None:
                raise UserNotFoundException
            return await self._record(principal, Method.PASSWORD, PASSWORD_METHOD, request_context)

        session = await self.database.transaction(work)
        STEP_UPS[PASSWORD_METHOD, "succeeded"].inc()
        return SteppedUpSession(session=session)

    async def _record(
        self, principal: Principal, proved: Method, method: str, request_context: RequestContext
    ) -> ProvedSession:
        session = await self.sessions.add_proof(principal, proved)
        await self.audit.record(
            SecondFactorEvent.STEP_UP_SUCCEEDED, user_id=principal.id, request_context=request_context, method=method
        )
        return session
