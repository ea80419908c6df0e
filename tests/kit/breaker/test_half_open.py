"""Half-open breakers: a limited number of trial calls test the service."""

import asyncio

import pytest

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.errors import CircuitBreakerOpenException
from tests.support.breakers import (
    FakeService,
    ManualClock,
    OutageError,
    RefusalError,
    SlowCall,
    fail_times,
    make_breaker,
    state_of,
)

pytestmark = pytest.mark.engine_independent


async def half_open(clock: ManualClock, *, trials: int = 1) -> ServiceBreaker:
    breaker = make_breaker(clock, threshold=1, trials=trials)
    await fail_times(breaker, 1)
    clock.advance(1)
    assert state_of(breaker) == "half-open"
    return breaker


@pytest.mark.parametrize("trials", [1, 2, 5])
async def test_half_open_breaker_limits_concurrent_trials(clock: ManualClock, trials: int) -> None:
    breaker = await half_open(clock, trials=trials)

    calls = [await SlowCall.begin(breaker) for _ in range(trials)]
    rejected = [await SlowCall.begin(breaker) for _ in range(20)]

    outcomes = [await call.error() for call in rejected]
    assert [type(outcome) for outcome in outcomes] == [CircuitBreakerOpenException] * 20
    assert [await call.succeed() for call in calls] == ["late"] * trials


async def test_rejected_call_gets_retry_after(clock: ManualClock) -> None:
    breaker = await half_open(clock)
    trial = await SlowCall.begin(breaker)

    outcome = await (await SlowCall.begin(breaker)).error()

    assert isinstance(outcome, CircuitBreakerOpenException)
    assert outcome.headers == {"Retry-After": "1"}
    await trial.succeed()


async def test_successful_trial_closes_the_breaker(clock: ManualClock, service: FakeService) -> None:
    breaker = await half_open(clock)

    await breaker.call_async(service.ask)

    assert state_of(breaker) == "closed"
    assert await asyncio.gather(*(breaker.call_async(service.ask) for _ in range(20))) == ["fine"] * 20


async def test_refused_trial_closes_the_breaker(clock: ManualClock, service: FakeService) -> None:
    breaker = await half_open(clock)

    with pytest.raises(RefusalError):
        await breaker.call_async(service.refuse)

    assert state_of(breaker) == "closed"


async def test_one_failed_trial_opens_the_breaker_again(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=5)
    await fail_times(breaker, 5)
    clock.advance(1)

    await fail_times(breaker, 1)

    assert state_of(breaker) == "open"


async def test_failed_trial_raises_the_error_of_the_service(clock: ManualClock, service: FakeService) -> None:
    breaker = await half_open(clock)
    service.is_down = True

    with pytest.raises(OutageError):
        await breaker.call_async(service.ask)


async def test_cancelled_trial_leaves_the_breaker_half_open(clock: ManualClock, service: FakeService) -> None:
    breaker = await half_open(clock)
    trial = await SlowCall.begin(breaker)

    await trial.cancel()

    assert state_of(breaker) == "half-open"
    assert await breaker.call_async(service.ask) == "fine"
    assert state_of(breaker) == "closed"


async def test_cancelled_trials_free_their_slots(clock: ManualClock, service: FakeService) -> None:
    breaker = await half_open(clock, trials=2)

    for _ in range(100):
        first, second = await SlowCall.begin(breaker), await SlowCall.begin(breaker)
        await first.cancel()
        await second.cancel()

    assert await breaker.call_async(service.ask) == "fine"


async def test_cancelled_call_does_not_count_as_failure(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=1)

    for _ in range(10):
        await (await SlowCall.begin(breaker)).cancel()

    assert breaker.snapshot().failures == 0
    assert state_of(breaker) == "closed"
