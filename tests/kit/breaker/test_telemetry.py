"""Log lines and metrics of failures and changes of state."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.log_format import request_id_of_context
from tests.support.breakers import FakeService, ManualClock, OutageError, RefusalError, is_outage
from tests.support.exposition import Changes
from tests.support.log_lines import lines_with

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def log_lines() -> Iterator[list[dict[str, Any]]]:
    """The fields of the breaker's log lines."""
    lines: list[dict[str, Any]] = []
    sink = logger.add(lambda message: lines.append(dict(message.record["extra"])), filter="auth_api.kit.breaker")
    yield lines
    logger.remove(sink)


@pytest.fixture
def breaker(clock: ManualClock) -> ServiceBreaker:
    """A breaker that opens at the second failure."""
    policy = BreakerPolicy(failure_threshold=2, first_open_seconds=1)
    return ServiceBreaker("service", policy, clock=clock, is_failure=is_outage)


async def fail(breaker: ServiceBreaker, service: FakeService) -> None:
    service.is_down = True
    with pytest.raises(OutageError):
        await breaker.call_async(service.ask)


def failed_functions(lines: list[dict[str, Any]]) -> list[str]:
    return [line["function"].rpartition(".")[2] for line in lines if line["event"] == "breaker:call_failed"]


async def test_each_failure_is_reported_with_its_function(
    breaker: ServiceBreaker, service: FakeService, log_lines: list[dict[str, Any]]
) -> None:
    changes = Changes()

    for _ in range(2):
        await fail(breaker, service)

    assert failed_functions(log_lines) == ["ask", "ask"]
    assert changes.of("circuit_breaker_failures_total", service="service", function="ask") == 2


async def test_nested_failure_is_reported_with_the_innermost_function(
    breaker: ServiceBreaker, service: FakeService, log_lines: list[dict[str, Any]]
) -> None:
    service.is_down = True

    async def middle() -> str:
        return await breaker.call_async(service.ask)

    async def outer() -> str:
        return await breaker.call_async(middle)

    with pytest.raises(OutageError):
        await breaker.call_async(outer)

    assert failed_functions(log_lines) == ["ask"]


async def test_handled_failure_is_not_reported_for_a_later_one(
    breaker: ServiceBreaker, service: FakeService, log_lines: list[dict[str, Any]]
) -> None:
    service.is_down = True

    async def outer() -> None:
        with pytest.raises(OutageError):
            await breaker.call_async(service.ask)
        raise OutageError

    with pytest.raises(OutageError):
        await breaker.call_async(outer)

    assert failed_functions(log_lines) == ["outer"]


async def test_refusal_is_not_reported(
    breaker: ServiceBreaker, service: FakeService, log_lines: list[dict[str, Any]]
) -> None:
    with pytest.raises(RefusalError):
        await breaker.call_async(service.refuse)

    assert log_lines == []


async def test_changes_of_state_are_reported_in_order(
    breaker: ServiceBreaker, service: FakeService, clock: ManualClock, log_lines: list[dict[str, Any]]
) -> None:
    changes = Changes()

    for _ in range(2):
        await fail(breaker, service)
    clock.advance(1)
    service.is_down = False
    await breaker.call_async(service.ask)

    states = ["open", "half-open", "closed"]
    assert [line["state"] for line in log_lines if line["event"] == "breaker:state_changed"] == states
    assert [changes.of("circuit_breaker_transitions_total", service="service", state=state) for state in states] == [
        1,
        1,
        1,
    ]


async def test_failure_log_line_leaves_out_the_error_text(
    breaker: ServiceBreaker, service: FakeService, log_file: Path
) -> None:
    token = request_id_of_context.set("breaker-report")
    await fail(breaker, service)
    request_id_of_context.reset(token)

    (line,) = await lines_with(log_file, "breaker-report")
    assert {name: line[name] for name in ("event", "service", "function", "error_type", "failures")} == {
        "event": "breaker:call_failed",
        "service": "service",
        "function": "tests.support.breakers.FakeService.ask",
        "error_type": "OutageError",
        "failures": 1,
    }
    assert "text of the outage" not in str(line)
