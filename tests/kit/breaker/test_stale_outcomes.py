"""Stale outcomes: a call that began before the last change of state changes nothing."""

import pytest

from auth_api.kit.breaker.policy import BreakerState
from tests.support.breakers import FakeService, ManualClock, OutageError, SlowCall, fail_times, make_breaker, state_of

pytestmark = pytest.mark.engine_independent

CLOSED = BreakerState(state="closed", failures=0, retry_after=0)


async def test_stale_failures_do_not_extend_the_open_period(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=2)
    stale = [await SlowCall.begin(breaker) for _ in range(10)]
    await fail_times(breaker, 2)
    before = breaker.retry_after

    outcomes = [await call.fail() for call in stale]

    assert [type(outcome) for outcome in outcomes] == [OutageError] * 10
    assert (breaker.retry_after, breaker.snapshot().failures) == (before, 2)


async def test_stale_success_does_not_close_an_open_breaker(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=2)
    stale = await SlowCall.begin(breaker)
    await fail_times(breaker, 2)

    assert await stale.succeed() == "late"

    assert state_of(breaker) == "open"


@pytest.mark.parametrize("ending", ["succeed", "fail"])
async def test_stale_outcome_does_not_end_a_trial(clock: ManualClock, service: FakeService, ending: str) -> None:
    breaker = make_breaker(clock, threshold=1)
    stale = await SlowCall.begin(breaker)
    await fail_times(breaker, 1)
    clock.advance(1)
    trial = await SlowCall.begin(breaker)

    await getattr(stale, ending)()

    assert state_of(breaker) == "half-open"
    await trial.succeed()
    assert breaker.snapshot() == CLOSED


async def test_stale_failures_do_not_count_after_a_recovery(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=3)
    stale = [await SlowCall.begin(breaker) for _ in range(10)]
    await fail_times(breaker, 3)
    clock.advance(1)
    await breaker.call_async(service.ask)
    assert breaker.snapshot() == CLOSED

    for call in stale:
        assert isinstance(await call.fail(), OutageError)

    assert breaker.snapshot() == CLOSED
    await fail_times(breaker, 2)
    assert state_of(breaker) == "closed"
    await fail_times(breaker, 1)
    assert state_of(breaker) == "open"


@pytest.mark.parametrize("ending", ["succeed", "fail"])
async def test_first_of_two_trials_decides(clock: ManualClock, ending: str) -> None:
    breaker = make_breaker(clock, threshold=1, trials=2)
    await fail_times(breaker, 1)
    clock.advance(1)
    first, second = await SlowCall.begin(breaker), await SlowCall.begin(breaker)

    await first.fail()
    period = breaker.retry_after
    await getattr(second, ending)()

    assert state_of(breaker) == "open"
    assert breaker.retry_after == period


async def test_failed_trial_after_a_successful_one_does_not_open_the_breaker(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=1, trials=2)
    await fail_times(breaker, 1)
    clock.advance(1)
    first, second = await SlowCall.begin(breaker), await SlowCall.begin(breaker)

    await first.succeed()
    assert isinstance(await second.fail(), OutageError)

    assert breaker.snapshot() == CLOSED


async def test_failure_from_before_a_manual_change_is_stale(clock: ManualClock) -> None:
    breaker = make_breaker(clock, threshold=1)
    stale = await SlowCall.begin(breaker)

    breaker.close()

    assert isinstance(await stale.fail(), OutageError)
    assert breaker.snapshot() == CLOSED


async def test_manual_change_is_never_stale(clock: ManualClock, service: FakeService) -> None:
    breaker = make_breaker(clock, threshold=1)

    breaker.open()
    assert state_of(breaker) == "open"

    breaker.close()
    assert await breaker.call_async(service.ask) == "fine"
