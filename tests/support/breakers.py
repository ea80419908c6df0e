"""A service that a breaker guards, and the time that the breaker lives in."""

import asyncio
from typing import Any

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.errors import DatabaseUnavailableException


class StandingClock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self._now = 1000.0

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class OutageError(Exception):
    """What the service raises while it is down."""


class RefusedError(Exception):
    """What the service answers to a question it does not like: it is up."""


class Service:
    """Counts who asks it, and fails while it is down."""

    def __init__(self) -> None:
        self.down = False
        self.asked = 0

    async def ask(self) -> str:
        """Answer, or fail."""
        self.asked += 1
        if self.down:
            raise OutageError
        return "fine"

    async def refuse(self) -> None:
        """Answer with a refusal."""
        self.asked += 1
        raise RefusedError


class SlowCall:
    """A guarded call that is under way until the test decides how it ends."""

    def __init__(self, breaker: ServiceBreaker) -> None:
        self._outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._entered = asyncio.Event()
        self._task = asyncio.create_task(breaker.call_async(self._work))

    @classmethod
    async def begin(cls, breaker: ServiceBreaker) -> "SlowCall":
        """Start a call and return when it has either reached the service or been turned away."""
        call = cls(breaker)
        entered = asyncio.create_task(call._entered.wait())
        await asyncio.wait({entered, call._task}, return_when=asyncio.FIRST_COMPLETED)
        entered.cancel()
        return call

    async def succeed(self) -> str:
        """Let the service answer."""
        self._outcome.set_result("late")
        return await self._task

    async def fail(self) -> BaseException | None:
        """Let the service fail; return what the caller meets."""
        self._outcome.set_exception(OutageError())
        return await self.ended()

    async def cancel(self) -> None:
        """Let the caller go away."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def ended(self) -> BaseException | None:
        """Return what the caller meets, None for an answer."""
        await asyncio.wait({self._task})
        return self._task.exception()

    async def _work(self) -> str:
        self._entered.set()
        return await self._outcome


def make_breaker(clock: StandingClock, *, threshold: int = 3, trials: int = 1, **options: Any) -> ServiceBreaker:
    """Return a breaker that opens for about a second at first and for ten at most."""
    policy = BreakerPolicy(
        failure_threshold=threshold, half_open_attempts=trials, first_open_seconds=1, longest_open_seconds=10
    )
    return ServiceBreaker("service", policy, clock=clock, is_failure=is_outage, **options)


def is_outage(error: Exception) -> bool:
    """Tell an outage from an answer."""
    return isinstance(error, OutageError)


def to_unavailable(error: Exception) -> Exception | None:
    """Turn an outage into what a client may know."""
    return DatabaseUnavailableException() if is_outage(error) else None


async def fail_times(breaker: ServiceBreaker, number: int) -> None:
    """Let this many calls fail, one after the other."""
    service = Service()
    service.down = True
    for _ in range(number):
        try:
            await breaker.call_async(service.ask)
        except (OutageError, DatabaseUnavailableException):
            continue
        raise AssertionError


def state_of(breaker: ServiceBreaker) -> str:
    """Return the state by its public name."""
    return breaker.snapshot().state
