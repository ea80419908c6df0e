"""A fake service behind a breaker, and the clock of the breaker."""

import asyncio
from typing import Any

from auth_api.kit.breaker.breaker import ServiceBreaker, breakers
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.db.database import SERVICE
from auth_api.kit.errors import DatabaseUnavailableException


async def begin_outage() -> None:
    """Open the circuit breaker of the database until the test closes it, without the probe that would close it."""
    breaker = breakers.get(SERVICE)
    breaker._clock = ManualClock()  # noqa: SLF001 - not half-open after a while, whichever application made the breaker
    breaker.open()
    await breaker.stop()


class ManualClock:
    """Monotonic seconds that pass only when a test advances them."""

    def __init__(self) -> None:
        self._now = 1000.0

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class OutageError(Exception):
    """Raised by the service while it is down."""


class RefusalError(Exception):
    """Raised by the service for a call that it refuses: it is up."""


class FakeService:
    """Counts calls, and fails while it is down."""

    def __init__(self) -> None:
        self.is_down = False
        self.calls = 0

    async def ask(self) -> str:
        """Return a text, or fail."""
        self.calls += 1
        if self.is_down:
            message = "text of the outage"
            raise OutageError(message)
        return "fine"

    async def refuse(self) -> None:
        """Refuse the call."""
        self.calls += 1
        raise RefusalError


class SlowCall:
    """A guarded call that runs until the test ends it."""

    def __init__(self, breaker: ServiceBreaker) -> None:
        self._outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._entered = asyncio.Event()
        self._task = asyncio.create_task(breaker.call_async(self._work))

    @classmethod
    async def begin(cls, breaker: ServiceBreaker) -> "SlowCall":
        """Start a call, and return when it has reached the service or was rejected."""
        call = cls(breaker)
        entered = asyncio.create_task(call._entered.wait())
        await asyncio.wait({entered, call._task}, return_when=asyncio.FIRST_COMPLETED)
        entered.cancel()
        return call

    async def succeed(self) -> str:
        """Let the service succeed."""
        self._outcome.set_result("late")
        return await self._task

    async def fail(self) -> BaseException | None:
        """Let the service fail, and return the caller's error."""
        self._outcome.set_exception(OutageError())
        return await self.error()

    async def cancel(self) -> None:
        """Cancel the caller."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def error(self) -> BaseException | None:
        """Wait for the end of the call, and return the caller's error."""
        await asyncio.wait({self._task})
        return self._task.exception()

    async def _work(self) -> str:
        self._entered.set()
        return await self._outcome


def make_breaker(clock: ManualClock, *, threshold: int = 3, trials: int = 1, **options: Any) -> ServiceBreaker:
    """Return a breaker with open periods of 1 to 10 s."""
    policy = BreakerPolicy(
        failure_threshold=threshold, half_open_attempts=trials, first_open_seconds=1, longest_open_seconds=10
    )
    return ServiceBreaker("service", policy, clock=clock, is_failure=is_outage, **options)


def is_outage(error: Exception) -> bool:
    """Return whether an error is an outage."""
    return isinstance(error, OutageError)


def to_unavailable(error: Exception) -> Exception | None:
    """Translate an outage into the error for clients."""
    return DatabaseUnavailableException() if is_outage(error) else None


async def fail_times(breaker: ServiceBreaker, number: int) -> None:
    """Let a number of calls fail, one after the other."""
    service = FakeService()
    service.is_down = True
    for _ in range(number):
        try:
            await breaker.call_async(service.ask)
        except (OutageError, DatabaseUnavailableException):
            continue
        raise AssertionError


def state_of(breaker: ServiceBreaker) -> str:
    """Return the public name of the breaker's state."""
    return breaker.snapshot().state
