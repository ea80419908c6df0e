"""Opening: when, for how long, and what callers get meanwhile."""

import pytest

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import JITTER, BreakerPolicy, BreakerState
from auth_api.kit.errors import CircuitBreakerOpenException
from tests.support.breakers import (
    FakeService,
    ManualClock,
    OutageError,
    RefusalError,
    fail_times,
    make_breaker,
    state_of,
)

pytestmark = pytest.mark.engine_independent


async def test_closed_breaker_returns_results_and_raises_errors(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock)

    assert await breaker.call_async(service.ask) == "fine"
    with pytest.raises(RefusalError):
        await breaker.call_async(service.refuse)

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_arguments_are_passed_to_the_function(clock: ManualClock) -> None:
    async def joined(*args: str, **kwargs: str) -> str:
        return " ".join([*args, *kwargs, *kwargs.values()])

    assert await make_breaker(clock).call_async(joined, "a", "b", c="d") == "a b c d"


async def test_breaker_opens_at_the_threshold_and_not_before(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=3)

    await fail_times(breaker, 2)
    assert breaker.snapshot() == BreakerState(state="closed", failures=2, retry_after=0)

    await fail_times(breaker, 1)
    assert breaker.snapshot() == BreakerState(state="open", failures=3, retry_after=1)


async def test_only_consecutive_failures_count(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=3)

    for _ in range(4):
        await fail_times(breaker, 2)
        assert await breaker.call_async(service.ask) == "fine"

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_open_breaker_rejects_calls_with_retry_after(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=1)
    await fail_times(breaker, 1)
    left = breaker.retry_after

    with pytest.raises(CircuitBreakerOpenException) as refused:
        await breaker.call_async(service.ask)

    assert service.calls == 0
    assert refused.value.retry_after == left
    assert refused.value.headers == {"Retry-After": "1"}


async def test_retry_after_decreases_with_time(clock: ManualClock) -> None:
    breaker = ServiceBreaker("service", BreakerPolicy(failure_threshold=1, first_open_seconds=30), clock=clock)
    breaker.open()
    begin = breaker.retry_after

    clock.advance(10)

    assert breaker.retry_after == pytest.approx(begin - 10)
    clock.advance(100)
    assert breaker.retry_after == 0


@pytest.mark.parametrize("errors", [1, 3, 50])
async def test_refusals_never_open_the_breaker(clock: ManualClock, service: FakeService, errors: int) -> None:
    breaker = make_breaker(clock, threshold=3)

    for _ in range(errors):
        with pytest.raises(RefusalError):
            await breaker.call_async(service.refuse)

    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_each_failed_trial_doubles_the_open_period_up_to_the_limit(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=1)  # one second at first, ten at most

    for period in (1, 2, 4, 8, 10, 10, 10):
        await fail_times(breaker, 1)
        assert period * (1 - JITTER) <= breaker.retry_after <= period
        clock.advance(period)

    assert state_of(breaker) == "half-open"


async def test_recovery_resets_the_open_period(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=1)
    for period in (1, 2, 4):
        await fail_times(breaker, 1)
        clock.advance(period)

    await breaker.call_async(service.ask)
    await fail_times(breaker, 1)

    assert 1 - JITTER <= breaker.retry_after <= 1


async def test_thousands_of_openings_do_not_overflow(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=1)

    for _ in range(2000):
        await fail_times(breaker, 1)
        clock.advance(10)

    assert state_of(breaker) == "half-open"


def test_open_periods_vary_between_processes(clock: ManualClock) -> None:
    breakers = [make_breaker(clock) for _ in range(200)]
    for breaker in breakers:
        breaker.open()

    periods = [breaker.retry_after for breaker in breakers]

    assert len(set(periods)) > 100
    assert min(periods) >= 1 - JITTER
    assert max(periods) <= 1
    assert max(periods) - min(periods) > JITTER / 2


async def test_snapshot_is_the_state_that_the_next_call_finds(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=1)
    await fail_times(breaker, 1)
    assert breaker.snapshot() == BreakerState(state="open", failures=1, retry_after=1)

    clock.advance(1)
    assert breaker.snapshot() == BreakerState(state="half-open", failures=1, retry_after=0)

    await breaker.call_async(service.ask)
    assert breaker.snapshot() == BreakerState(state="closed", failures=0, retry_after=0)


async def test_every_error_counts_without_is_failure(clock: ManualClock) -> None:
    breaker = ServiceBreaker("service", BreakerPolicy(failure_threshold=1), clock=clock)

    with pytest.raises(OutageError):
        await fail_with(breaker)

    assert state_of(breaker) == "open"


async def fail_with(breaker: ServiceBreaker) -> None:
    down = FakeService()
    down.is_down = True
    await breaker.call_async(down.ask)
