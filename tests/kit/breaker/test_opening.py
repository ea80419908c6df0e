"""When a breaker opens, for how long, and what callers meet meanwhile."""

import pytest

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import JITTER, BreakerPolicy, BreakerState
from auth_api.kit.errors import CircuitBreakerOpenException
from tests.support.breakers import OutageError, RefusedError, Service, StandingClock, fail_times, make_breaker, state_of

pytestmark = pytest.mark.engine_independent


async def test_a_closed_breaker_passes_answers_and_errors_on(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time)

    assert await breaker.call_async(service.ask) == "fine"
    with pytest.raises(RefusedError):
        await breaker.call_async(service.refuse)

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_arguments_reach_the_function(time: StandingClock) -> None:
    async def joined(*args: str, **kwargs: str) -> str:
        return " ".join([*args, *kwargs, *kwargs.values()])

    assert await make_breaker(time).call_async(joined, "a", "b", c="d") == "a b c d"


async def test_it_opens_at_the_threshold_and_not_before(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=3)

    await fail_times(breaker, 2)
    assert breaker.snapshot() == BreakerState(state="closed", failures=2, retry_after=0)

    await fail_times(breaker, 1)
    assert breaker.snapshot() == BreakerState(state="open", failures=3, retry_after=1)


async def test_failures_must_follow_one_another(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=3)

    for _ in range(4):
        await fail_times(breaker, 2)
        assert await breaker.call_async(service.ask) == "fine"

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_an_open_breaker_does_not_ask_and_says_when_to_come_back(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1)
    await fail_times(breaker, 1)
    left = breaker.retry_after

    with pytest.raises(CircuitBreakerOpenException) as refused:
        await breaker.call_async(service.ask)

    assert service.asked == 0
    assert refused.value.retry_after == left
    assert refused.value.headers == {"Retry-After": "1"}


async def test_the_wait_it_tells_grows_shorter(time: StandingClock) -> None:
    breaker = ServiceBreaker("service", BreakerPolicy(failure_threshold=1, first_open_seconds=30), clock=time)
    breaker.open()
    begin = breaker.retry_after

    time.advance(10)

    assert breaker.retry_after == pytest.approx(begin - 10)
    time.advance(100)
    assert breaker.retry_after == 0


@pytest.mark.parametrize("errors", [1, 3, 50])
async def test_answers_that_are_refusals_never_open_it(time: StandingClock, service: Service, errors: int) -> None:
    breaker = make_breaker(time, threshold=3)

    for _ in range(errors):
        with pytest.raises(RefusedError):
            await breaker.call_async(service.refuse)

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_every_failed_trial_doubles_the_period_up_to_the_limit(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=1)  # one second at first, ten at most

    for period in (1, 2, 4, 8, 10, 10, 10):
        await fail_times(breaker, 1)
        assert period * (1 - JITTER) <= breaker.retry_after <= period
        time.advance(period)

    assert state_of(breaker) == "half-open"


async def test_a_recovery_makes_the_next_period_the_first_again(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1)
    for period in (1, 2, 4):
        await fail_times(breaker, 1)
        time.advance(period)

    await breaker.call_async(service.ask)
    await fail_times(breaker, 1)

    assert 1 - JITTER <= breaker.retry_after <= 1


async def test_hundreds_of_openings_do_not_overflow(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=1)

    for _ in range(2000):
        await fail_times(breaker, 1)
        time.advance(10)

    assert state_of(breaker) == "half-open"


def test_periods_vary_so_that_processes_do_not_come_back_in_step(time: StandingClock) -> None:
    breakers = [make_breaker(time) for _ in range(200)]
    for breaker in breakers:
        breaker.open()

    periods = [breaker.retry_after for breaker in breakers]

    assert len(set(periods)) > 100
    assert min(periods) >= 1 - JITTER
    assert max(periods) <= 1
    assert max(periods) - min(periods) > JITTER / 2


async def test_the_state_it_tells_is_the_one_the_next_call_meets(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1)
    await fail_times(breaker, 1)
    assert breaker.snapshot() == BreakerState(state="open", failures=1, retry_after=1)

    time.advance(1)
    assert breaker.snapshot() == BreakerState(state="half-open", failures=1, retry_after=0)

    await breaker.call_async(service.ask)
    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_an_error_that_nobody_judges_counts(time: StandingClock) -> None:
    breaker = ServiceBreaker("service", BreakerPolicy(failure_threshold=1), clock=time)

    with pytest.raises(OutageError):
        await fail_with(breaker)

    assert state_of(breaker) == "open"


async def fail_with(breaker: ServiceBreaker) -> None:
    down = Service()
    down.down = True
    await breaker.call_async(down.ask)
