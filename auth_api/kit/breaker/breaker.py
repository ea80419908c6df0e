"""Circuit breakers: stop asking a service that is down, notice soon that it is back.

aiobreaker keeps the three states and counts failures; what it gets wrong for us is replaced here: it lets every call
through while half-open, it flips on outcomes of calls that began in an earlier state, and it lives on the wall clock.
State is per process: no worker waits for another to learn that a service is down.
"""

import inspect
import math
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from aiobreaker import CircuitBreaker, CircuitBreakerError
from aiobreaker.state import CircuitBreakerState

from auth_api.kit.breaker.calls import GuardedCall, calls_under_way
from auth_api.kit.breaker.outcome import NoVerdict, without_verdict
from auth_api.kit.breaker.policy import JITTER, STATE_NAMES, BreakerPolicy, BreakerState
from auth_api.kit.breaker.probe import PROBE_INTERVAL, Probe
from auth_api.kit.breaker.telemetry import BreakerObserver, BreakerReports
from auth_api.kit.clock import Monotonic, monotonic
from auth_api.kit.errors import CircuitBreakerOpenException

P = ParamSpec("P")
T = TypeVar("T")


class ServiceBreaker(CircuitBreaker):  # type: ignore[misc]  # aiobreaker is untyped
    """A breaker for one service.

    Args:
        service: its name in logs and in `/health/ready`.
        policy: thresholds.
        is_failure: tells an outage from an answer; only outages count.
        translate: what the caller meets instead of the service's own error; None leaves the error as it is.
        probe: a cheap call that succeeds when the service is back; asked in the background while open.
        observers: are told of failures and changes of state, after the log.
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
        observers: Sequence[BreakerObserver] = (),
        clock: Monotonic = monotonic,
    ) -> None:
        super().__init__(fail_max=policy.failure_threshold, name=service)
        self._policy = policy
        self._is_failure = is_failure
        self._translate = translate
        self._probe = Probe(probe, lambda: self.current_state is not CircuitBreakerState.CLOSED, self.close)
        self._reports = BreakerReports(service, observers)
        self._clock = clock
        self._epoch = 0  # grows with every change of state: an outcome from an earlier epoch is stale
        self._openings = 0
        self._open_until = 0.0
        self._trials = 0

    def is_system_error(self, exception: Exception) -> bool:
        """Tell whether the error counts; aiobreaker asks this instead of a list of exceptions to exclude."""
        return self._is_failure(exception)

    @property
    def retry_after(self) -> float:
        """Seconds until somebody asks the service again: the next probe, or the end of the open period."""
        if self.current_state is not CircuitBreakerState.OPEN:
            return 0.0
        remaining = max(0.0, self._open_until - self._clock())
        return min(remaining, PROBE_INTERVAL) if self._probe.is_running else remaining

    def snapshot(self) -> BreakerState:
        """The state as it would meet the next call."""
        state = self.current_state
        if state is CircuitBreakerState.OPEN and self._clock() >= self._open_until:
            state = CircuitBreakerState.HALF_OPEN
        retry_after = math.ceil(self.retry_after)
        return BreakerState(state=STATE_NAMES[state], failures=self.fail_counter, retry_after=retry_after)

    def open(self) -> None:
        """Stop calling the service; each opening without a recovery in between lasts twice as long, up to the limit."""
        if self._is_stale():
            return
        policy = self._policy
        seconds = min(policy.first_open_seconds * 2**self._openings, policy.longest_open_seconds)
        seconds *= 1 - JITTER * random.random()  # noqa: S311 - spreads load, guards nothing
        self._openings = min(self._openings + 1, 32)
        self._open_until = self._clock() + seconds
        self.timeout_duration = timedelta(seconds=seconds)
        self._changed("open")
        super().open()
        self._probe.start()

    def half_open(self) -> None:
        """Let `half_open_attempts` calls through to find out."""
        self._changed("half-open")
        super().half_open()

    def close(self) -> None:
        """Call the service again."""
        if self._is_stale():
            return
        self._openings = 0
        self._changed("closed")
        self._state_storage.reset_counter()
        super().close()

    async def call_async(self, func: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function, if the service's state allows it.

        A guarded call inside a guarded call belongs to the outer one: a transaction counts once.

        Raises:
            CircuitBreakerOpenException: the service is not asked at present.
            Exception: the function's own error, or what `translate` makes of it.
        """
        if (outer := calls_under_way.get().get(self.name)) is not None:
            return await self._call_within(outer, func, *args, **kwargs)
        trial = self._admit()
        self._trials += trial
        call = GuardedCall(func, self._epoch)
        token = calls_under_way.set({**calls_under_way.get(), self.name: call})
        try:
            result: T = await super().call_async(without_verdict, func, *args, **kwargs)
        except NoVerdict as silence:
            translated = self._translate(silence.error)
            raise (translated or silence.error) from (silence.error if translated else silence.error.__cause__)
        except CircuitBreakerError as error:  # this failure opened it: the cause is the service's own error
            own = error.__cause__ or error
            outward = self._outward(own, call)
            raise outward from (own.__cause__ if outward is own else own)
        except Exception as error:
            outward = self._outward(error, call)
            if outward is error:
                raise
            raise outward from error
        else:
            return result
        finally:
            calls_under_way.reset(token)
            self._trials -= trial

    async def stop(self) -> None:
        """End the background probe."""
        await self._probe.stop()

    @staticmethod
    async def _call_within(outer: GuardedCall, func: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await func(*args, **kwargs)
        except Exception as error:
            outer.note(error, func)
            raise

    def _admit(self) -> bool:
        """Let a call through, or raise. Returns whether it is one that finds out."""
        state = self.current_state
        if state is CircuitBreakerState.CLOSED:
            return False
        if state is CircuitBreakerState.OPEN:
            if self._clock() < self._open_until:
                raise CircuitBreakerOpenException(self.retry_after)
            self.half_open()
        if self._trials >= self._policy.half_open_attempts:
            raise CircuitBreakerOpenException(PROBE_INTERVAL)
        return True

    def _outward(self, error: BaseException, call: GuardedCall) -> BaseException:
        if not isinstance(error, Exception):
            return error
        if self._is_failure(error):
            self._reports.call_failed(call.function_of(error), error, self.fail_counter)
        return self._translate(error) or error

    def _inc_counter(self) -> None:
        """Aiobreaker counts here; a late failure must not bring the next opening nearer."""
        if not self._is_stale():
            super()._inc_counter()

    def _is_stale(self) -> bool:
        """Outside of a call (a manual switch, a probe) nothing is stale."""
        call = calls_under_way.get().get(self.name)
        return call is not None and call.epoch != self._epoch

    def _changed(self, state: str) -> None:
        self._epoch += 1
        self._reports.state_changed(state, self.fail_counter)


class BreakerRegistry:
    """The breakers of this process, by the service they guard."""

    def __init__(self) -> None:
        self._breakers: dict[str, ServiceBreaker] = {}

    def install(self, breaker: ServiceBreaker) -> None:
        """Guard a service with this breaker from now on."""
        self._breakers[breaker.name] = breaker

    def get(self, service: str) -> ServiceBreaker:
        """Return the service's breaker; one with the default policy if none was installed."""
        if service not in self._breakers:
            self.install(ServiceBreaker(service, BreakerPolicy()))
        return self._breakers[service]

    def snapshot(self) -> dict[str, BreakerState]:
        """All states, by service."""
        return {service: breaker.snapshot() for service, breaker in self._breakers.items()}


breakers = BreakerRegistry()


def circuit_breaker(service: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Guard a coroutine function by the breaker of this service.

    Raises:
        TypeError: at decoration, for a plain function: the breaker could not see its failures.
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
