"""While a breaker is open, somebody looks in the background whether the service is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest

from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import BreakerPolicy
from tests.support.breakers import Service, StandingClock, fail_times, state_of
from tests.support.waiting import until

pytestmark = pytest.mark.engine_independent

mark: ContextVar[str | None] = ContextVar("mark", default=None)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe comes a hundred times a second."""
    for module in ("breaker", "probe"):
        monkeypatch.setattr(f"auth_api.kit.breaker.{module}.PROBE_INTERVAL", 0.01)


class Probed:
    """A service whose probe notes in which context it ran."""

    def __init__(self, time: StandingClock, *, first_open_seconds: float = 60) -> None:
        self.service = Service()
        self.marks: list[str | None] = []
        policy = BreakerPolicy(failure_threshold=1, first_open_seconds=first_open_seconds)
        self.breaker = ServiceBreaker("service", policy, clock=time, probe=self._probe)

    async def _probe(self) -> str:
        self.marks.append(mark.get())
        return await self.service.ask()


@asynccontextmanager
async def opened(probed: Probed) -> AsyncIterator[ServiceBreaker]:
    """The breaker after its service went down."""
    probed.service.down = True
    await fail_times(probed.breaker, 1)
    try:
        yield probed.breaker
    finally:
        await probed.breaker.stop()


async def test_it_closes_the_breaker_long_before_the_open_period_ends(time: StandingClock) -> None:
    probed = Probed(time)
    async with opened(probed) as breaker:
        probed.service.down = False

        await until(lambda: state_of(breaker) == "closed")

        assert breaker.snapshot().failures == 0
        assert await breaker.call_async(probed.service.ask) == "fine"


async def test_it_goes_on_while_the_service_is_down(time: StandingClock) -> None:
    probed = Probed(time)
    async with opened(probed) as breaker:
        await until(lambda: len(probed.marks) >= 3)

        assert state_of(breaker) == "open"


async def test_it_ends_with_the_recovery_and_comes_again_with_the_next_outage(time: StandingClock) -> None:
    probed = Probed(time)
    async with opened(probed) as breaker:
        probed.service.down = False
        await until(lambda: state_of(breaker) == "closed")
        asked = len(probed.marks)
        await asyncio.sleep(0.05)
        assert len(probed.marks) == asked

        probed.service.down = True
        await fail_times(breaker, 1)
        await until(lambda: len(probed.marks) > asked)


async def test_it_sees_nothing_of_the_call_that_failed(time: StandingClock) -> None:
    """Neither its transaction nor its request id, nor its place in the breaker."""
    probed = Probed(time)
    mark.set("of the call")
    async with opened(probed):
        await until(lambda: len(probed.marks) > 0)

    assert set(probed.marks) == {None}
    mark.set(None)


async def test_a_breaker_has_one_probe_however_often_it_opens(time: StandingClock) -> None:
    others = asyncio.all_tasks()  # another test's breaker may be open still
    probed = Probed(time, first_open_seconds=0.001)
    async with opened(probed) as breaker:
        for _ in range(20):
            time.advance(60)
            await fail_times(breaker, 1)
        breaker.open()

        assert sum("Probe._run" in repr(task) for task in asyncio.all_tasks() - others) == 1


async def test_callers_are_told_to_come_back_with_the_next_probe(time: StandingClock) -> None:
    probed = Probed(time)
    async with opened(probed) as breaker:
        assert breaker.retry_after == 0.01
        assert breaker.snapshot().retry_after == 1


async def test_when_it_is_stopped_it_asks_no_more(time: StandingClock) -> None:
    probed = Probed(time)
    async with opened(probed) as breaker:
        await until(lambda: len(probed.marks) > 0)
        await breaker.stop()
        asked = len(probed.marks)
        await asyncio.sleep(0.05)

        assert len(probed.marks) == asked
        assert state_of(breaker) == "open"


@pytest.mark.parametrize("times", [1, 2])
async def test_stopping_one_that_never_opened_is_fine(time: StandingClock, times: int) -> None:
    breaker = Probed(time).breaker

    for _ in range(times):
        await breaker.stop()

    assert state_of(breaker) == "closed"


async def test_stopped_before_it_first_ran_it_leaves_the_period_as_it_is(time: StandingClock) -> None:
    breaker = Probed(time, first_open_seconds=60).breaker
    breaker.open()

    await breaker.stop()

    assert breaker.retry_after >= 40
