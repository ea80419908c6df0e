"""Guarded calls: results and errors for the caller, what counts as one call, and the decorator."""

import asyncio
import time as system_time
from collections.abc import Iterator

import pytest
from aiobreaker import CircuitBreakerError

from auth_api.kit.breaker.breaker import BreakerRegistry, ServiceBreaker, breakers, circuit_breaker
from auth_api.kit.breaker.policy import BreakerPolicy, BreakerState
from auth_api.kit.errors import (
    CircuitBreakerOpenException,
    DatabaseUnavailableException,
    ServerOverloadedException,
)
from tests.support.breakers import (
    FakeService,
    ManualClock,
    OutageError,
    fail_times,
    is_outage,
    make_breaker,
    state_of,
    to_unavailable,
)

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_every_failure_is_translated_also_the_one_that_opens_the_breaker(
    clock: ManualClock, service: FakeService, number: int
) -> None:
    breaker = make_breaker(clock, threshold=2, translate=to_unavailable)
    await fail_times(breaker, number - 1)
    clock.advance(1)
    service.is_down = True

    with pytest.raises(DatabaseUnavailableException) as met:
        await breaker.call_async(service.ask)

    assert isinstance(met.value.__cause__, OutageError)


@pytest.mark.parametrize("threshold", [1, 2])
async def test_without_translation_the_caller_gets_the_original_error(clock: ManualClock, threshold: int) -> None:
    breaker = make_breaker(clock, threshold=threshold)
    cause = ValueError()

    async def fail() -> None:
        raise OutageError from cause

    with pytest.raises(OutageError) as met:
        await breaker.call_async(fail)

    assert met.value.__cause__ is cause
    assert not isinstance(met.value, CircuitBreakerError)


async def test_error_that_is_not_an_outage_is_translated_and_not_counted(clock: ManualClock) -> None:
    breaker = ServiceBreaker(
        "service",
        BreakerPolicy(failure_threshold=1),
        clock=clock,
        is_failure=is_outage,
        translate=lambda _: DatabaseUnavailableException(),
    )

    async def too_slow() -> None:
        raise TimeoutError

    with pytest.raises(DatabaseUnavailableException):
        await breaker.call_async(too_slow)
    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_nested_guarded_calls_count_as_one_failure(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=5)
    service.is_down = True

    async def outer() -> str:
        return await breaker.call_async(middle)

    async def middle() -> str:
        return await breaker.call_async(service.ask)

    with pytest.raises(OutageError):
        await breaker.call_async(outer)

    assert breaker.snapshot().failures == 1


async def test_nested_failure_that_is_handled_does_not_count(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=1)
    service.is_down = True

    async def outer() -> str:
        with pytest.raises(OutageError):
            await breaker.call_async(service.ask)
        return "handled"

    assert await breaker.call_async(outer) == "handled"
    assert state_of(breaker) == "closed"


async def test_trial_may_make_nested_guarded_calls(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=1, trials=1)
    await fail_times(breaker, 1)
    clock.advance(1)

    async def transaction() -> list[str]:
        return [await breaker.call_async(service.ask) for _ in range(3)]

    assert await breaker.call_async(transaction) == ["fine"] * 3
    assert state_of(breaker) == "closed"


async def test_breakers_of_two_services_are_independent(clock: ManualClock, service: FakeService) -> None:
    policy = BreakerPolicy(failure_threshold=1)
    outer = ServiceBreaker("outer", policy, clock=clock, is_failure=lambda _: False)
    inner = ServiceBreaker("inner", policy, clock=clock)
    service.is_down = True

    async def work() -> None:
        await inner.call_async(service.ask)

    with pytest.raises(OutageError):
        await outer.call_async(work)

    assert (state_of(outer), state_of(inner)) == ("closed", "open")
    with pytest.raises(CircuitBreakerOpenException):
        await outer.call_async(work)


async def test_concurrent_calls_count_separately(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=4)
    service.is_down = True

    await asyncio.gather(*(breaker.call_async(service.ask) for _ in range(3)), return_exceptions=True)

    assert breaker.snapshot().failures == 3


@pytest.fixture
def installed(clock: ManualClock) -> Iterator[ServiceBreaker]:
    """A breaker in the registry of the process."""
    breaker = make_breaker(clock, threshold=1)
    breakers.install(breaker)
    yield breaker
    breakers._breakers.pop("service")  # noqa: SLF001 - the product never removes one


async def test_decorator_uses_the_breaker_installed_at_the_time_of_the_call(
    clock: ManualClock, service: FakeService
) -> None:
    @circuit_breaker(service="service")
    async def ask(number: int, *, word: str) -> str:
        """Ask."""
        return f"{await service.ask()} {number} {word}"

    breaker = make_breaker(clock, threshold=1)
    breakers.install(breaker)
    assert await ask(7, word="a") == "fine 7 a"
    breaker.open()

    with pytest.raises(CircuitBreakerOpenException):
        await ask(7, word="a")

    breakers._breakers.pop("service")  # noqa: SLF001 - the product never removes one
    assert (ask.__name__, ask.__doc__) == ("ask", "Ask.")


def test_decorator_rejects_a_plain_function() -> None:
    """A breaker could not see the failures of its result."""

    def plain() -> asyncio.Future[str]:
        return asyncio.get_running_loop().create_future()

    with pytest.raises(TypeError, match="is not a coroutine function"):
        circuit_breaker(service="service")(plain)


def test_registry_creates_a_breaker_once() -> None:
    registry = BreakerRegistry()

    made = registry.get("mail")

    assert registry.get("mail") is made
    assert registry.snapshot() == {"mail": BreakerState(state="closed", failures=0, retry_after=0)}


@pytest.fixture(params=["Asia/Tokyo", "America/Los_Angeles"])
def time_zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """A time zone east or west of Greenwich: aiobreaker mixes local time and UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        system_time.tzset()
        yield
    system_time.tzset()


async def test_breaker_works_in_every_time_zone(time_zone: None, clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=1, translate=to_unavailable)

    for period in (1, 2):
        await fail_times(breaker, 1)
        with pytest.raises(CircuitBreakerOpenException):
            await breaker.call_async(service.ask)
        clock.advance(period)
    assert await breaker.call_async(service.ask) == "fine"

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_full_queue_before_the_service_is_neither_failure_nor_success(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=3)
    await fail_times(breaker, 2)

    with pytest.raises(ServerOverloadedException):
        await breaker.call_async(full_queue)

    assert breaker.snapshot().failures == 2
    await fail_times(breaker, 1)
    assert state_of(breaker) == "open"


async def test_trial_that_meets_a_full_queue_leaves_the_breaker_half_open(
    clock: ManualClock, service: FakeService
) -> None:
    breaker = make_breaker(clock, threshold=1)
    await fail_times(breaker, 1)
    clock.advance(1)

    for _ in range(3):
        with pytest.raises(ServerOverloadedException):
            await breaker.call_async(full_queue)

    assert state_of(breaker) == "half-open"
    assert await breaker.call_async(service.ask) == "fine"


async def full_queue() -> None:
    raise ServerOverloadedException
