"""How a call ends that began before the state changed decides nothing any more."""

import pytest

from auth_api.kit.breaker.policy import BreakerState
from tests.support.breakers import OutageError, Service, SlowCall, StandingClock, fail_times, make_breaker, state_of

pytestmark = pytest.mark.engine_independent

CLOSED = BreakerState(state="closed", failures=0, retry_after=0)


async def test_late_failures_do_not_prolong_the_open_period(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=2)
    late = [await SlowCall.begin(breaker) for _ in range(10)]
    await fail_times(breaker, 2)
    before = breaker.retry_after

    outcomes = [await call.fail() for call in late]

    assert [type(outcome) for outcome in outcomes] == [OutageError] * 10
    assert (breaker.retry_after, breaker.snapshot().failures) == (before, 2)


async def test_a_late_success_does_not_close_an_open_breaker(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=2)
    late = await SlowCall.begin(breaker)
    await fail_times(breaker, 2)

    assert await late.succeed() == "late"

    assert state_of(breaker) == "open"


@pytest.mark.parametrize("ending", ["succeed", "fail"])
async def test_a_late_outcome_does_not_decide_the_trial(time: StandingClock, service: Service, ending: str) -> None:
    breaker = make_breaker(time, threshold=1)
    late = await SlowCall.begin(breaker)
    await fail_times(breaker, 1)
    time.advance(1)
    trial = await SlowCall.begin(breaker)

    await getattr(late, ending)()

    assert state_of(breaker) == "half-open"
    await trial.succeed()
    assert breaker.snapshot() == CLOSED


async def test_late_failures_neither_open_a_recovered_breaker_nor_bring_that_nearer(
    time: StandingClock, service: Service
) -> None:
    breaker = make_breaker(time, threshold=3)
    late = [await SlowCall.begin(breaker) for _ in range(10)]
    await fail_times(breaker, 3)
    time.advance(1)
    await breaker.call_async(service.ask)
    assert breaker.snapshot() == CLOSED

    for call in late:
        assert isinstance(await call.fail(), OutageError)

    assert breaker.snapshot() == CLOSED
    await fail_times(breaker, 2)
    assert state_of(breaker) == "closed"
    await fail_times(breaker, 1)
    assert state_of(breaker) == "open"


@pytest.mark.parametrize("ending", ["succeed", "fail"])
async def test_of_two_trials_the_first_to_end_decides(time: StandingClock, ending: str) -> None:
    breaker = make_breaker(time, threshold=1, trials=2)
    await fail_times(breaker, 1)
    time.advance(1)
    first, second = await SlowCall.begin(breaker), await SlowCall.begin(breaker)

    await first.fail()
    period = breaker.retry_after
    await getattr(second, ending)()

    assert state_of(breaker) == "open"
    assert breaker.retry_after == period


async def test_after_one_trial_closed_it_the_failure_of_another_does_not_open_it(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=1, trials=2)
    await fail_times(breaker, 1)
    time.advance(1)
    first, second = await SlowCall.begin(breaker), await SlowCall.begin(breaker)

    await first.succeed()
    assert isinstance(await second.fail(), OutageError)

    assert breaker.snapshot() == CLOSED


async def test_a_failure_from_before_a_switch_by_hand_is_late_too(time: StandingClock) -> None:
    breaker = make_breaker(time, threshold=1)
    late = await SlowCall.begin(breaker)

    breaker.close()

    assert isinstance(await late.fail(), OutageError)
    assert breaker.snapshot() == CLOSED


async def test_a_switch_by_hand_always_counts(time: StandingClock, service: Service) -> None:
    breaker = make_breaker(time, threshold=1)

    breaker.open()
    assert state_of(breaker) == "open"

    breaker.close()
    assert await breaker.call_async(service.ask) == "fine"
