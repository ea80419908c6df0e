"""One timer for many deadlines, and what an interruption leaves whole."""

import asyncio

import pytest

from auth_api.kit import deadlines
from auth_api.kit.deadlines import Deadlines, clear, interrupt, uninterruptible, was_interrupted
from tests.support.breakers import ManualClock
from tests.support.waiting import until

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def _standing(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "monotonic", clock)


async def test_who_is_late_is_told_in_the_order_of_beginning() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.01, late.append)
    for name in "abc":
        deadlines.start(name)

    await until(lambda: len(late) == 3)

    assert late == ["a", "b", "c"]
    assert len(deadlines) == 0


async def test_who_was_stopped_is_not_late() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.01, late.append)
    deadlines.start("a")
    deadlines.start("b")

    deadlines.stop("a")
    deadlines.stop("never begun")

    await until(lambda: bool(late))
    assert late == ["b"]


async def test_beginning_again_buys_no_time() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.05, late.append)
    deadlines.start("a")

    async with asyncio.timeout(5):
        while not late:
            deadlines.start("a")
            await asyncio.sleep(0)

    assert late == ["a"]


async def test_a_timer_goes_on_for_those_who_began_later() -> None:
    late: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.02, late.append)
    deadlines.start("a")
    await asyncio.sleep(0.01)
    deadlines.start("b")

    await until(lambda: late == ["a", "b"])
    deadlines.start("c")
    await until(lambda: late == ["a", "b", "c"])


@pytest.mark.usefixtures("_standing")
async def test_the_oldest_is_known_once_it_is_old_enough(clock: ManualClock) -> None:
    deadlines: Deadlines[str] = Deadlines(10, lambda _: None)
    assert deadlines.oldest(after=1) is None
    deadlines.start("a")
    clock.advance(1)
    assert deadlines.oldest(after=1) is None
    clock.advance(0.5)
    deadlines.start("b")

    assert deadlines.oldest(after=1) == "a"


async def interrupted_in(work: asyncio.Event, steps: list[str]) -> str:
    """Do something indivisible until the event is set, and then wait for ever."""
    task = asyncio.current_task()
    assert task is not None
    try:
        with uninterruptible():
            steps.append("begun")
            await work.wait()
            steps.append("whole")
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "ours" if was_interrupted(task) else "another's"
    return "never"


async def test_what_is_indivisible_is_interrupted_afterwards() -> None:
    work, steps = asyncio.Event(), list[str]()
    task = asyncio.create_task(interrupted_in(work, steps))
    await until(lambda: bool(steps))

    interrupt(task)
    await asyncio.sleep(0)
    work.set()

    assert await task == "ours"
    assert steps == ["begun", "whole"]
    clear(task)


async def test_a_cancellation_by_somebody_else_is_not_taken_for_ours() -> None:
    work, steps = asyncio.Event(), list[str]()
    task = asyncio.create_task(interrupted_in(work, steps))
    await until(lambda: bool(steps))

    task.cancel()

    assert await task == "another's"


async def test_a_task_that_was_interrupted_may_go_on() -> None:
    async def go_on() -> int:
        task = asyncio.current_task()
        assert task is not None
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            assert was_interrupted(task)
        await asyncio.sleep(0)
        return task.cancelling()

    task = asyncio.create_task(go_on())
    await asyncio.sleep(0)
    interrupt(task)

    assert await task == 0
    clear(task)


async def test_what_is_settled_is_not_interrupted_any_more() -> None:
    task = asyncio.current_task()
    assert task is not None
    with uninterruptible():
        interrupt(task)

    clear(task)

    await asyncio.sleep(2 * deadlines.ASK_AGAIN)
