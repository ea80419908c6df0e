"""What the log, and whoever counts, learn of failures and changes of state."""

from pathlib import Path

import pytest

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.log_format import request_id_of_context
from tests.support.breakers import OutageError, RefusedError, Service, StandingClock, is_outage
from tests.support.log_lines import lines_with

pytestmark = pytest.mark.engine_independent


class Counting:
    """Notes what an observer is told."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str]] = []
        self.failures: list[tuple[str, str, str]] = []

    def state_changed(self, service: str, state: str) -> None:
        self.states.append((service, state))

    def call_failed(self, service: str, function: str, error: BaseException) -> None:
        self.failures.append((service, function.rpartition(".")[2], type(error).__name__))


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def observed(time: StandingClock, counting: Counting) -> ServiceBreaker:
    """A breaker that opens with the second failure."""
    policy = BreakerPolicy(failure_threshold=2, first_open_seconds=1)
    return ServiceBreaker("service", policy, clock=time, is_failure=is_outage, observers=[counting])


async def fail(breaker: ServiceBreaker, service: Service) -> None:
    service.down = True
    with pytest.raises(OutageError):
        await breaker.call_async(service.ask)


async def test_every_failure_is_told_by_service_and_function(
    observed: ServiceBreaker, counting: Counting, service: Service
) -> None:
    for _ in range(2):
        await fail(observed, service)

    assert counting.failures == [("service", "ask", "OutageError")] * 2


async def test_of_functions_within_each_other_the_innermost_is_told(
    observed: ServiceBreaker, counting: Counting, service: Service
) -> None:
    service.down = True

    async def middle() -> str:
        return await observed.call_async(service.ask)

    async def outer() -> str:
        return await observed.call_async(middle)

    with pytest.raises(OutageError):
        await observed.call_async(outer)

    assert counting.failures == [("service", "ask", "OutageError")]


async def test_a_failure_that_was_handled_within_is_not_blamed_for_a_later_one(
    observed: ServiceBreaker, counting: Counting, service: Service
) -> None:
    service.down = True

    async def outer() -> None:
        with pytest.raises(OutageError):
            await observed.call_async(service.ask)
        raise OutageError

    with pytest.raises(OutageError):
        await observed.call_async(outer)

    assert [function for _, function, _ in counting.failures] == ["outer"]


async def test_an_answer_that_is_a_refusal_is_told_to_nobody(
    observed: ServiceBreaker, counting: Counting, service: Service
) -> None:
    with pytest.raises(RefusedError):
        await observed.call_async(service.refuse)

    assert counting.failures == []


async def test_changes_of_state_are_told_in_their_order(
    observed: ServiceBreaker, counting: Counting, service: Service, time: StandingClock
) -> None:
    for _ in range(2):
        await fail(observed, service)
    time.advance(1)
    service.down = False
    await observed.call_async(service.ask)

    assert counting.states == [("service", "open"), ("service", "half-open"), ("service", "closed")]


async def test_the_log_names_the_function_and_not_what_the_error_says(
    observed: ServiceBreaker, service: Service, log_file: Path
) -> None:
    token = request_id_of_context.set("breaker-report")
    await fail(observed, service)
    request_id_of_context.reset(token)

    (line,) = await lines_with(log_file, "breaker-report")
    assert {name: line[name] for name in ("event", "service", "function", "error", "failures")} == {
        "event": "breaker:failure",
        "service": "service",
        "function": "tests.support.breakers.Service.ask",
        "error": "OutageError",
        "failures": 1,
    }
