"""What a guarded call is: what its caller meets, what counts as one, and how functions become guarded."""

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
    OutageError,
    Service,
    StandingClock,
    fail_times,
    is_outage,
    make_breaker,
    state_of,
    to_unavailable,
)

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_every_failing_call_meets_the_translation_the_one_that_opens_it_too(
    time: StandingClock, service: Service, number: int
) -> None:
    breaker = make_breaker(time, threshold=2, translate=to_unavailable)
    await fail_times(breaker, number - 1)
    time.advance(1)
    service.down = True

    with pytest.raises(DatabaseUnavailableException) as met:
        await breaker.call_async(service.ask)

    assert isinstance(met.value.__cause__, OutageError)


@pytest.mark.parametrize("threshold", [1, 2])
async def test_without_a_translation_they_meet_the_error_as_it_was_raised(time: StandingClock, threshold: int) -> None:
    breaker = make_breaker(time, threshold=threshold)
    cause = ValueError()

    async def fail() -> None:
        raise OutageError from cause

    with pytest.raises(OutageError) as met:
        await breaker.call_async(fail)

    assert met.value.__cause__ is cause
    assert not isinstance(met.value, CircuitBreakerError)


async def test_an_answer_may_be_translated_without_counting(time: StandingClock) -> None:
    breaker = ServiceBreaker(
        "service",
        BreakerPolicy(failure_threshold=1),
        clock=time,
        is_failure=is_outage,
        translate=lambda _: DatabaseUnavailableException(),
    )

    async def too_slow() -> None:
        raise TimeoutError

    with pytest.raises(DatabaseUnavailableException):
        await breaker.call_async(too_slow)
    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_a_guarded_call_within_a_guarded_call_counts_once(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=5)
    service.down = True

    async def outer() -> str:
        return await breaker.call_async(middle)

    async def middle() -> str:
        return await breaker.call_async(service.ask)

    with pytest.raises(OutageError):
        await breaker.call_async(outer)

    assert breaker.snapshot().failures == 1


async def test_a_failure_within_that_the_outer_call_handles_is_none(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1)
    service.down = True

    async def outer() -> str:
        with pytest.raises(OutageError):
            await breaker.call_async(service.ask)
        return "handled"

    assert await breaker.call_async(outer) == "handled"
    assert state_of(breaker) == "closed"


async def test_a_trial_may_make_guarded_calls_itself(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1, trials=1)
    await fail_times(breaker, 1)
    time.advance(1)

    async def transaction() -> list[str]:
        return [await breaker.call_async(service.ask) for _ in range(3)]

    assert await breaker.call_async(transaction) == ["fine"] * 3
    assert state_of(breaker) == "closed"


async def test_breakers_of_two_services_do_not_know_of_each_other(time: StandingClock, service: Service) -> None:
    policy = BreakerPolicy(failure_threshold=1)
    outer = ServiceBreaker("outer", policy, clock=time, is_failure=lambda _: False)
    inner = ServiceBreaker("inner", policy, clock=time)
    service.down = True

    async def work() -> None:
        await inner.call_async(service.ask)

    with pytest.raises(OutageError):
        await outer.call_async(work)

    assert (state_of(outer), state_of(inner)) == ("closed", "open")
    with pytest.raises(CircuitBreakerOpenException):
        await outer.call_async(work)


async def test_calls_side_by_side_are_not_within_each_other(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=4)
    service.down = True

    await asyncio.gather(*(breaker.call_async(service.ask) for _ in range(3)), return_exceptions=True)

    assert breaker.snapshot().failures == 3


@pytest.fixture
def installed(time: StandingClock) -> Iterator[ServiceBreaker]:
    """The breaker of a service of its own, in the registry of the process."""
    breaker = make_breaker(time, threshold=1)
    breakers.install(breaker)
    yield breaker
    breakers._breakers.pop("service")  # noqa: SLF001 - the product never takes one away


async def test_the_decorator_guards_by_the_breaker_that_is_installed_when_it_is_called(
    time: StandingClock, service: Service
) -> None:
    @circuit_breaker(service="service")
    async def ask(number: int, *, word: str) -> str:
        """Ask."""
        return f"{await service.ask()} {number} {word}"

    breaker = make_breaker(time, threshold=1)
    breakers.install(breaker)
    assert await ask(7, word="a") == "fine 7 a"
    breaker.open()

    with pytest.raises(CircuitBreakerOpenException):
        await ask(7, word="a")

    breakers._breakers.pop("service")  # noqa: SLF001 - the product never takes one away
    assert (ask.__name__, ask.__doc__) == ("ask", "Ask.")


def test_the_decorator_refuses_what_is_no_coroutine_function() -> None:
    """A breaker could not see how it ends."""

    def plain() -> asyncio.Future[str]:
        return asyncio.get_running_loop().create_future()

    with pytest.raises(TypeError, match="is not a coroutine function"):
        circuit_breaker(service="service")(plain)


def test_a_registry_makes_a_breaker_for_whoever_asks_and_keeps_it() -> None:
    registry = BreakerRegistry()

    made = registry.get("mail")

    assert registry.get("mail") is made
    assert registry.snapshot() == {"mail": BreakerState(state="closed", failures=0, retry_after=0)}


@pytest.fixture(params=["Asia/Tokyo", "America/Los_Angeles"])
def time_zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """The process lives east or west of Greenwich: aiobreaker adds and compares local and universal time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        system_time.tzset()
        yield
    system_time.tzset()


async def test_it_works_in_every_time_zone(time_zone: None, time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1, translate=to_unavailable)

    for period in (1, 2):
        await fail_times(breaker, 1)
        with pytest.raises(CircuitBreakerOpenException):
            await breaker.call_async(service.ask)
        time.advance(period)
    assert await breaker.call_async(service.ask) == "fine"

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_a_full_queue_before_the_service_says_nothing_about_the_service(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=3)
    await fail_times(breaker, 2)

    with pytest.raises(ServerOverloadedException):
        await breaker.call_async(full_queue)

    assert breaker.snapshot().failures == 2
    await fail_times(breaker, 1)
    assert state_of(breaker) == "open"


async def test_a_trial_that_meets_a_full_queue_decides_nothing(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1)
    await fail_times(breaker, 1)
    time.advance(1)

    for _ in range(3):
        with pytest.raises(ServerOverloadedException):
            await breaker.call_async(full_queue)

    assert state_of(breaker) == "half-open"
    assert await breaker.call_async(service.ask) == "fine"


async def full_queue() -> None:
    raise ServerOverloadedException
