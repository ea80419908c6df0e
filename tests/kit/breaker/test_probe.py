"""The background probe of an open breaker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import BreakerPolicy
from tests.support.breakers import FakeService, ManualClock, fail_times, state_of
from tests.support.waiting import until

pytestmark = pytest.mark.engine_independent

mark: ContextVar[str | None] = ContextVar("mark", default=None)


@pytest.fixture(autouse=True)
def _probe_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probe a hundred times per second."""
    for module in ("breaker", "probe"):
        monkeypatch.setattr(f"auth_api.kit.breaker.{module}.PROBE_SECONDS", 0.01)


class Probed:
    """A service whose probe records the context that it ran in."""

    def __init__(self, clock: ManualClock, *, first_open_seconds: float = 60) -> None:
        self.service = FakeService()
        self.marks: list[str | None] = []
        policy = BreakerPolicy(failure_threshold=1, first_open_seconds=first_open_seconds)
        self.breaker = ServiceBreaker("service", policy, clock=clock, probe=self._probe)

    async def _probe(self) -> str:
        self.marks.append(mark.get())
        return await self.service.ask()


@asynccontextmanager
async def opened(probed: Probed) -> AsyncIterator[ServiceBreaker]:
    """Yield the breaker after its service went down."""
    probed.service.is_down = True
    await fail_times(probed.breaker, 1)
    try:
        yield probed.breaker
    finally:
        await probed.breaker.stop()


async def test_probe_closes_the_breaker_before_the_open_period_ends(clock: ManualClock) -> None:
    probed = Probed(clock)
    async with opened(probed) as breaker:
        probed.service.is_down = False

        await until(lambda: state_of(breaker) == "closed")

        assert breaker.snapshot().failures == 0
        assert await breaker.call_async(probed.service.ask) == "fine"


async def test_probe_continues_while_the_service_is_down(clock: ManualClock) -> None:
    probed = Probed(clock)
    async with opened(probed) as breaker:
        await until(lambda: len(probed.marks) >= 3)

        assert state_of(breaker) == "open"


async def test_probe_ends_at_the_recovery_and_starts_again_with_the_next_outage(clock: ManualClock) -> None:
    probed = Probed(clock)
    async with opened(probed) as breaker:
        probed.service.is_down = False
        await until(lambda: state_of(breaker) == "closed")
        asked = len(probed.marks)
        await asyncio.sleep(0.05)
        assert len(probed.marks) == asked

        probed.service.is_down = True
        await fail_times(breaker, 1)
        await until(lambda: len(probed.marks) > asked)


async def test_probe_runs_in_an_empty_context(clock: ManualClock) -> None:
    """It inherits neither the transaction nor the request id nor the guarded call of the code that failed."""
    probed = Probed(clock)
    mark.set("of the call")
    async with opened(probed):
        await until(lambda: len(probed.marks) > 0)

    assert set(probed.marks) == {None}
    mark.set(None)


async def test_breaker_that_opens_repeatedly_has_one_probe(clock: ManualClock) -> None:
    others = asyncio.all_tasks()  # the breaker of another test may still be open
    probed = Probed(clock, first_open_seconds=0.001)
    async with opened(probed) as breaker:
        for _ in range(20):
            clock.advance(60)
            await fail_times(breaker, 1)
        breaker.open()

        assert sum("Probe._run" in repr(task) for task in asyncio.all_tasks() - others) == 1


async def test_retry_after_is_the_time_until_the_next_probe(clock: ManualClock) -> None:
    probed = Probed(clock)
    async with opened(probed) as breaker:
        assert breaker.retry_after == 0.01
        assert breaker.snapshot().retry_after == 1


async def test_stopped_probe_makes_no_more_calls(clock: ManualClock) -> None:
    probed = Probed(clock)
    async with opened(probed) as breaker:
        await until(lambda: len(probed.marks) > 0)
        await breaker.stop()
        asked = len(probed.marks)
        await asyncio.sleep(0.05)

        assert len(probed.marks) == asked
        assert state_of(breaker) == "open"


@pytest.mark.parametrize("times", [1, 2])
async def test_stop_before_the_first_opening_does_nothing(clock: ManualClock, times: int) -> None:
    breaker = Probed(clock).breaker

    for _ in range(times):
        await breaker.stop()

    assert state_of(breaker) == "closed"


async def test_stop_before_the_first_probe_keeps_the_open_period(clock: ManualClock) -> None:
    breaker = Probed(clock, first_open_seconds=60).breaker
    breaker.open()

    await breaker.stop()

    assert breaker.retry_after >= 40
