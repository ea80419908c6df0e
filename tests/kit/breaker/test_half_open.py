"""After the open period a few calls find out whether the service is back."""

import asyncio

import pytest

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.errors import CircuitBreakerOpenException
from tests.support.breakers import (
    OutageError,
    RefusedError,
    Service,
    SlowCall,
    StandingClock,
    fail_times,
    make_breaker,
    state_of,
)

pytestmark = pytest.mark.engine_independent


async def half_open(time: StandingClock, *, trials: int = 1) -> ServiceBreaker:
    breaker = make_breaker(time, threshold=1, trials=trials)
    await fail_times(breaker, 1)
    time.advance(1)
    assert state_of(breaker) == "half-open"
    return breaker


@pytest.mark.parametrize("trials", [1, 2, 5])
async def test_only_so_many_calls_are_let_through_at_once(time: StandingClock, trials: int) -> None:
    breaker = await half_open(time, trials=trials)

    calls = [await SlowCall.begin(breaker) for _ in range(trials)]
    turned_away = [await SlowCall.begin(breaker) for _ in range(20)]

    outcomes = [await call.ended() for call in turned_away]
    assert [type(outcome) for outcome in outcomes] == [CircuitBreakerOpenException] * 20
    assert [await call.succeed() for call in calls] == ["late"] * trials


async def test_who_is_turned_away_is_told_to_come_back(time: StandingClock) -> None:
    breaker = await half_open(time)
    trial = await SlowCall.begin(breaker)

    outcome = await (await SlowCall.begin(breaker)).ended()

    assert isinstance(outcome, CircuitBreakerOpenException)
    assert outcome.headers == {"Retry-After": "1"}
    await trial.succeed()


async def test_a_trial_that_succeeds_closes_it(time: StandingClock, service: Service) -> None:
    breaker = await half_open(time)

    await breaker.call_async(service.ask)

    assert state_of(breaker) == "closed"
    assert await asyncio.gather(*(breaker.call_async(service.ask) for _ in range(20))) == ["fine"] * 20


async def test_a_trial_that_is_refused_closes_it_too(time: StandingClock, service: Service) -> None:
    """Who can say no is up."""
    breaker = await half_open(time)

    with pytest.raises(RefusedError):
        await breaker.call_async(service.refuse)

    assert state_of(breaker) == "closed"


async def test_a_trial_that_fails_opens_it_again_however_high_the_threshold(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=5)
    await fail_times(breaker, 5)
    time.advance(1)

    await fail_times(breaker, 1)

    assert state_of(breaker) == "open"


async def test_the_failed_trial_meets_the_service_s_own_error(time: StandingClock, service: Service) -> None:
    breaker = await half_open(time)
    service.down = True

    with pytest.raises(OutageError):
        await breaker.call_async(service.ask)


async def test_a_trial_that_is_cancelled_gives_its_place_back_and_decides_nothing(
    time: StandingClock, service: Service
) -> None:
    breaker = await half_open(time)
    trial = await SlowCall.begin(breaker)

    await trial.cancel()

    assert state_of(breaker) == "half-open"
    assert await breaker.call_async(service.ask) == "fine"
    assert state_of(breaker) == "closed"


async def test_many_cancelled_trials_leave_no_place_taken(time: StandingClock, service: Service) -> None:
    breaker = await half_open(time, trials=2)

    for _ in range(100):
        first, second = await SlowCall.begin(breaker), await SlowCall.begin(breaker)
        await first.cancel()
        await second.cancel()

    assert await breaker.call_async(service.ask) == "fine"


async def test_a_cancelled_call_is_no_failure(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=1)

    for _ in range(10):
        await (await SlowCall.begin(breaker)).cancel()

    assert breaker.snapshot().failures == 0
    assert state_of(breaker) == "closed"
