"""Deadlines expire in order, and an interruption does not cancel a COMMIT."""

import asyncio

import pytest

from auth_api.kit import deadlines
from auth_api.kit.deadlines import Deadlines, clear, interrupt, uninterruptible, was_interrupted
from tests.support.breakers import ManualClock
from tests.support.waiting import TIMEOUT_SECONDS, until

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def _clock(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "monotonic", clock)


async def test_deadlines_expire_in_the_order_of_their_start() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.01, late.append)
    for name in "abc":
        deadlines.start(name)

    await until(lambda: len(late) == 3)

    assert late == ["a", "b", "c"]
    assert len(deadlines) == 0


async def test_stopped_deadline_does_not_expire() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.01, late.append)
    deadlines.start("a")
    deadlines.start("b")

    deadlines.stop("a")
    deadlines.stop("never started")

    await until(lambda: bool(late))
    assert late == ["b"]


async def test_starting_a_deadline_again_does_not_extend_it() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.05, late.append)
    deadlines.start("a")

    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not late:
            deadlines.start("a")
            await asyncio.sleep(0)

    assert late == ["a"]


async def test_timer_continues_for_deadlines_that_started_later() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.02, late.append)
    deadlines.start("a")
    await asyncio.sleep(0.01)
    deadlines.start("b")

    await until(lambda: late == ["a", "b"])
    deadlines.start("c")
    await until(lambda: late == ["a", "b", "c"])


@pytest.mark.usefixtures("_clock")
async def test_oldest_returns_the_first_key_after_the_given_time(clock: ManualClock) -> None:
    deadlines: Deadlines[str] = Deadlines(10, lambda _: None)
    assert deadlines.oldest(after=1) is None
    deadlines.start("a")
    clock.advance(1)
    assert deadlines.oldest(after=1) is None
    clock.advance(0.5)
    deadlines.start("b")

    assert deadlines.oldest(after=1) == "a"


async def run_uninterruptible(is_done: asyncio.Event, steps: list[str]) -> str:
    """Run an uninterruptible block until the event is set, then wait without end. Return who cancelled it."""
    task = asyncio.current_task()
    assert task is not None
    try:
        with uninterruptible():
            steps.append("begun")
            await is_done.wait()
            steps.append("finished")
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "interrupt" if was_interrupted(task) else "cancel"
    return "never"


async def test_interrupt_waits_for_the_end_of_an_uninterruptible_block() -> None:
    is_done, steps = asyncio.Event(), list[str]()
    task = asyncio.create_task(run_uninterruptible(is_done, steps))
    await until(lambda: bool(steps))

    interrupt(task)
    await asyncio.sleep(0)
    is_done.set()

    assert await task == "interrupt"
    assert steps == ["begun", "finished"]
    clear(task)


async def test_plain_cancellation_is_not_an_interruption() -> None:
    is_done, steps = asyncio.Event(), list[str]()
    task = asyncio.create_task(run_uninterruptible(is_done, steps))
    await until(lambda: bool(steps))

    task.cancel()

    assert await task == "cancel"


async def test_interrupted_task_may_continue() -> None:
    async def continue_after_interrupt() -> int:
        task = asyncio.current_task()
        assert task is not None
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            assert was_interrupted(task)
        await asyncio.sleep(0)
        return task.cancelling()

    task = asyncio.create_task(continue_after_interrupt())
    await asyncio.sleep(0)
    interrupt(task)

    assert await task == 0
    clear(task)


async def test_clear_removes_a_postponed_interruption() -> None:
    task = asyncio.current_task()
    assert task is not None
    with uninterruptible():
        interrupt(task)

    clear(task)

    await asyncio.sleep(2 * deadlines.RETRY_SECONDS)
