"""Limits on guessing second factors, shared by login and step-up: by network, by account, and in a row."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter

from auth_api.credentials.errors import FactorInvalidException
from auth_api.credentials.recovery_codes.service import RecoveryCodeService
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.errors import ApplicationException, RetryLaterException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.sign_in.events import FactorEvent, SecondFactorEvent
from auth_api.sign_in.mails import RECOVERY_CODE_USED, SECOND_FACTOR_GUESSED
from auth_api.sign_in.second_factors import FactorMethod
from auth_api.throttling.account_throttle import AccountThrottle, CountedAttempt
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.service import UserService

NOTIFIED_FAILURES: Final = 5
"""Wrong second factors in a row after which the user gets a mail: someone else may know the password."""

MAX_FAILURES: Final = 100
"""Wrong second factors in a row after which the first factor no longer counts (NIST SP 800-63B-4 §3.2.2)."""

GUESS_OUTCOMES: Final = ("succeeded", "invalid", "throttled")

GuessCounters = Mapping[tuple[str, str], Counter]
"""The metric of a flow: counters by method and outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A guess that was counted and may be checked."""

    user_id: int
    method: FactorMethod
    counted: CountedAttempt
    outcomes: GuessCounters
    request_context: RequestContext


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorGuesses:
    """Counts the guesses of second factors. Right passwords do not reset the counters, right second factors do."""

    database: Database
    throttle: AccountThrottle
    sessions: SessionService
    users: UserService
    recovery_codes: RecoveryCodeService
    audit: AuditTrail
    outbox: Outbox

    async def admit(
        self, user_id: int, method: FactorMethod, request_context: RequestContext, outcomes: GuessCounters
    ) -> Guess:
        """Count a guess before it is checked, not within a transaction.

        Args:
            user_id: the user whose second factor is guessed.
            method: the kind of the second factor.
            request_context: the client of the request.
            outcomes: the metric that counts the outcome.

        Raises:
            TooManyAttemptsException: there were too many wrong ones. This one must not be checked.
        """
        keys = self.throttle.second_factor_keys(user_id, request_context.client_ip)
        try:
            counted = await self.throttle.admit(
                keys, is_known_network=lambda: self.sessions.is_known_network(user_id, request_context.client_ip)
            )
        except TooManyAttemptsException:
            outcomes[method, "throttled"].inc()
            raise
        return Guess(
            user_id=user_id, method=method, counted=counted, outcomes=outcomes, request_context=request_context
        )

    @asynccontextmanager
    async def recorded(
        self, guess: Guess, event: SecondFactorEvent, *, end: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Check a guess in this context, not within a transaction, and record what came of it.

        A FactorInvalidException makes it a wrong guess. After any other error of the application, it does not count:
        the login or the session was refused for another reason. Other exceptions leave it counted.

        Args:
            guess: the guess.
            event: a wrong guess, for the security history.
            end: takes away what was proved before, if this was the last allowed guess in a row. The row of the user is
                locked.
        """
        try:
            yield
        except FactorInvalidException:
            await self._record_failure(guess, event, end)
            raise
        except ApplicationException:
            with suppress(RetryLaterException):  # without a database, the guess stays counted
                await self.throttle.undo(guess.counted)
            raise
        await self._record_success(guess)

    async def record_recovery_code(self, guess: Guess) -> int | None:
        """Record the use of a recovery code, in the transaction that uses it up.

        Returns:
            The number of unused codes; None if the guess was of another method.
        """
        if guess.method is not FactorMethod.RECOVERY_CODE:
            return None
        codes = await self.recovery_codes.find_set(guess.user_id)
        left = codes.left if codes is not None else 0
        await self.audit.record(
            FactorEvent.RECOVERY_CODE_USED, user_id=guess.user_id, request_context=guess.request_context, left=left
        )
        await self.outbox.to_user(RECOVERY_CODE_USED, guess.user_id, guess.request_context, left=left)
        return left

    async def record_wrong_proof(
        self,
        user_id: int,
        method: str,
        event: SecondFactorEvent,
        outcomes: GuessCounters,
        request_context: RequestContext,
    ) -> None:
        """Record a wrong proof that is not a guess of a second factor: a passkey, or a password.

        Args:
            user_id: the user whose proof it was not.
            method: the kind of the proof.
            event: for the security history.
            outcomes: the metric that counts the outcome.
            request_context: the client of the request.
        """
        await self.database.statement(
            lambda: self.audit.record(event, user_id=user_id, request_context=request_context, method=method)
        )
        outcomes[method, "invalid"].inc()

    async def _record_success(self, guess: Guess) -> None:
        """Forget the wrong guesses from the network of a right one. `UserService.record_login` ends their row.

        If the database is not available, they stay counted: the code was used up, so the request must not fail now.
        """
        keys = self.throttle.second_factor_keys(guess.user_id, guess.request_context.client_ip)
        with suppress(RetryLaterException):
            await self.throttle.record_success(keys, guess.counted)
        guess.outcomes[guess.method, "succeeded"].inc()

    async def _record_failure(self, guess: Guess, event: SecondFactorEvent, end: Callable[[], Awaitable[None]]) -> None:
        """Record a wrong guess, in a transaction of its own."""

        async def work() -> None:
            failures = await self.users.count_second_factor_failure(guess.user_id, maximum=MAX_FAILURES)
            await self.audit.record(
                event, user_id=guess.user_id, request_context=guess.request_context, method=guess.method
            )
            if guess.counted.blocks:  # later guesses, which are refused, leave no row
                await self.audit.record(
                    SecondFactorEvent.LOGIN_SECOND_FACTOR_THROTTLED,
                    user_id=guess.user_id,
                    request_context=guess.request_context,
                )
            if failures == NOTIFIED_FAILURES:
                await self.outbox.to_user(SECOND_FACTOR_GUESSED, guess.user_id, guess.request_context)
            if failures == MAX_FAILURES:
                await end()

        await self.database.transaction(work)
        guess.outcomes[guess.method, "invalid"].inc()
