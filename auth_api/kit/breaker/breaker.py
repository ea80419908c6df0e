"""Circuit breakers: stop calling a service that is down, and detect quickly that it has recovered.

aiobreaker keeps the three states and counts failures. Three of its behaviours are replaced here: it lets every call
through while half-open, it changes state on outcomes of calls that began in an earlier state, and it uses the wall
clock. State is per process, so that no worker process depends on another one to detect an outage.
"""

import inspect
import math
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from aiobreaker import CircuitBreaker, CircuitBreakerError
from aiobreaker.state import CircuitBreakerState

from auth_api.kit.breaker.outcome import GuardedCall, NeutralError, current_calls, wrap_neutral_errors
from auth_api.kit.breaker.policy import JITTER, STATE_NAMES, BreakerPolicy, BreakerState
from auth_api.kit.breaker.probe import PROBE_SECONDS, Probe
from auth_api.kit.breaker.telemetry import report_failure, report_state
from auth_api.kit.clock import Monotonic, monotonic
from auth_api.kit.errors import CircuitBreakerOpenException
from auth_api.kit.metrics import set_breaker_state

P = ParamSpec("P")
T = TypeVar("T")


class ServiceBreaker(CircuitBreaker):  # type: ignore[misc]  # aiobreaker is untyped
    """A breaker for one service.

    Each change of state begins an epoch. The outcome of a call that began in an earlier epoch is stale: it changes
    nothing.

    Args:
        service: its name in logs, metrics and `/health/ready`.
        policy: thresholds and periods.
        is_failure: whether an error is an outage; other errors prove that the service works.
        translate: the error that callers get instead of the service's own; None leaves it unchanged.
        probe: a cheap call that succeeds if the service works, made in the background while the breaker is open.
        clock: monotonic seconds.
    """

    def __init__(  # noqa: PLR0913 - all but the first two have defaults
        self,
        service: str,
        policy: BreakerPolicy,
        *,
        is_failure: Callable[[Exception], bool] = lambda _: True,
        translate: Callable[[Exception], Exception | None] = lambda _: None,
        probe: Callable[[], Awaitable[object]] | None = None,
        clock: Monotonic = monotonic,
    ) -> None:
        super().__init__(fail_max=policy.failure_threshold, name=service)
        self._policy = policy
        self._is_failure = is_failure
        self._translate = translate
        self._probe = Probe(probe, lambda: self.current_state is not CircuitBreakerState.CLOSED, self.close)
        self._clock = clock
        self._epoch = 0
        self._openings = 0
        self._open_until = 0.0
        self._trials = 0
        set_breaker_state(service, "closed")

    def is_system_error(self, exception: Exception) -> bool:
        """Return whether the error counts; aiobreaker calls this."""
        return self._is_failure(exception)

    @property
    def retry_after(self) -> float:
        """Seconds until the next call to the service: the next probe, or the end of the open period."""
        if self.current_state is not CircuitBreakerState.OPEN:
            return 0.0
        remaining = max(0.0, self._open_until - self._clock())
        return min(remaining, PROBE_SECONDS) if self._probe.is_running else remaining

    def snapshot(self) -> BreakerState:
        """Return the state in which the next call would find the breaker."""
        state = self.current_state
        if state is CircuitBreakerState.OPEN and self._clock() >= self._open_until:
            state = CircuitBreakerState.HALF_OPEN
        retry_after = math.ceil(self.retry_after)
        return BreakerState(state=STATE_NAMES[state], failures=self.fail_counter, retry_after=retry_after)

    def open(self) -> None:
        """Stop calling the service. The period doubles with each opening without a recovery, up to the limit."""
        if self._is_stale():
            return
        policy = self._policy
        seconds = min(policy.first_open_seconds * 2**self._openings, policy.longest_open_seconds)
        seconds *= 1 - JITTER * random.random()  # noqa: S311 - spreads load, guards nothing
        self._openings = min(self._openings + 1, 32)
        self._open_until = self._clock() + seconds
        self.timeout_duration = timedelta(seconds=seconds)
        self._begin_epoch("open")
        super().open()
        self._probe.start()

    def half_open(self) -> None:
        """Let at most `half_open_attempts` concurrent calls test the service."""
        self._begin_epoch("half-open")
        super().half_open()

    def close(self) -> None:
        """Call the service again."""
        if self._is_stale():
            return
        self._openings = 0
        self._begin_epoch("closed")
        self._state_storage.reset_counter()
        super().close()

    async def call_async(self, func: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function, if the state of the breaker allows it.

        A guarded call within a guarded call of the same service is part of the outer one: a transaction counts once.

        Raises:
            CircuitBreakerOpenException: the breaker is open, or half-open with enough calls already running.
            Exception: the error of the function, or the one that `translate` returned for it.
        """
        if (outer := current_calls.get().get(self.name)) is not None:
            return await self._call_within(outer, func, *args, **kwargs)
        is_trial = self._admit()
        self._trials += is_trial
        call = GuardedCall(func, self._epoch)
        token = current_calls.set({**current_calls.get(), self.name: call})
        try:
            result: T = await super().call_async(wrap_neutral_errors, func, *args, **kwargs)
        except NeutralError as neutral:
            translated = self._translate(neutral.error)
            raise (translated or neutral.error) from (neutral.error if translated else neutral.error.__cause__)
        except CircuitBreakerError as error:  # this failure opened the breaker; its cause is the service's error
            cause = error.__cause__ or error
            public = self._public_error(cause, call)
            raise public from (cause.__cause__ if public is cause else cause)
        except Exception as error:
            public = self._public_error(error, call)
            if public is error:
                raise
            raise public from error
        else:
            return result
        finally:
            current_calls.reset(token)
            self._trials -= is_trial

    async def stop(self) -> None:
        """Stop the background probe."""
        await self._probe.stop()

    @staticmethod
    async def _call_within(outer: GuardedCall, func: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await func(*args, **kwargs)
        except Exception as error:
            outer.record_failure(error, func)
            raise

    def _admit(self) -> bool:
        """Return whether the call is a trial of a half-open breaker.

        Raises:
            CircuitBreakerOpenException: the call is not allowed.
        """
        state = self.current_state
        if state is CircuitBreakerState.CLOSED:
            return False
        if state is CircuitBreakerState.OPEN:
            if self._clock() < self._open_until:
                raise CircuitBreakerOpenException(self.retry_after)
            self.half_open()
        if self._trials >= self._policy.half_open_attempts:
            raise CircuitBreakerOpenException(PROBE_SECONDS)
        return True

    def _public_error(self, error: BaseException, call: GuardedCall) -> BaseException:
        """Report an outage, and return the error for the caller."""
        if not isinstance(error, Exception):
            return error
        if self._is_failure(error):
            report_failure(self.name, call.function_of(error), error, self.fail_counter)
        return self._translate(error) or error

    def _inc_counter(self) -> None:
        """Count a failure, unless it is stale; aiobreaker calls this."""
        if not self._is_stale():
            super()._inc_counter()

    def _is_stale(self) -> bool:
        """Return whether the running code is a call from an earlier epoch; probes and manual changes never are."""
        call = current_calls.get().get(self.name)
        return call is not None and call.epoch != self._epoch

    def _begin_epoch(self, state: str) -> None:
        self._epoch += 1
        report_state(self.name, state, self.fail_counter)


class BreakerRegistry:
    """The breakers of this process, by service."""

    def __init__(self) -> None:
        self._breakers: dict[str, ServiceBreaker] = {}

    def install(self, breaker: ServiceBreaker) -> None:
        """Guard a service with this breaker from now on."""
        self._breakers[breaker.name] = breaker

    def get(self, service: str) -> ServiceBreaker:
        """Return the breaker of the service; create one with the default policy if none was installed."""
        if service not in self._breakers:
            self.install(ServiceBreaker(service, BreakerPolicy()))
        return self._breakers[service]

    def snapshot(self) -> dict[str, BreakerState]:
        """Return the states of all breakers, by service."""
        return {service: breaker.snapshot() for service, breaker in self._breakers.items()}


breakers = BreakerRegistry()


def circuit_breaker(service: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Guard a coroutine function with the breaker of this service that is installed when the function is called.

    Raises:
        TypeError: at decoration, for a function that is not a coroutine function: its failures would be missed.
    """

    def guard(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        if not inspect.iscoroutinefunction(function):
            message = f"{function!r} is not a coroutine function"
            raise TypeError(message)

        @wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            return await breakers.get(service).call_async(function, *args, **kwargs)

        return guarded

    return guard
