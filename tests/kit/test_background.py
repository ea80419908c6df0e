"""Work beside the requests: woken, repeated after errors, ended in good order."""

import asyncio

import pytest

from auth_api.kit import background
from auth_api.kit.background import BackgroundJob
from tests.support.log_lines import logged
from tests.support.waiting import until

A_DAY = 86400.0


async def test_a_step_is_taken_at_once_and_again_when_woken() -> None:
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        return A_DAY

    job = BackgroundJob("sweep", step)
    async with job.running():
        await until(lambda: len(steps) == 1)
        job.wake()
        await until(lambda: len(steps) == 2)


async def test_what_arrives_during_a_step_is_not_missed() -> None:
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        if len(steps) == 1:
            job.wake()
        return A_DAY

    job = BackgroundJob("sweep", step)
    async with job.running():
        await until(lambda: len(steps) == 2)


async def test_while_there_is_more_it_goes_on() -> None:
    left = [3]

    async def step() -> float:
        left[0] -= 1
        return 0.0 if left[0] else A_DAY

    async with BackgroundJob("sweep", step).running():
        await until(lambda: left[0] == 0)


async def test_an_error_is_told_once_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "AFTER_AN_ERROR", 0.001)
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        if len(steps) < 4:
            raise OSError
        return A_DAY

    with logged("WARNING") as lines:
        async with BackgroundJob("sweep", step).running():
            await until(lambda: len(steps) == 4)

    assert [(line["job"], line["error"]) for line in lines] == [("sweep", "OSError")]


async def test_the_step_under_way_is_waited_for() -> None:
    finished = asyncio.Event()
    begun = asyncio.Event()

    async def step() -> float:
        begun.set()
        await asyncio.sleep(0.05)
        finished.set()
        return A_DAY

    async with BackgroundJob("sweep", step).running():
        await begun.wait()

    assert finished.is_set()


async def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STOP_WITHIN", 0.01)
    cut = asyncio.Event()

    async def step() -> float:
        try:
            await asyncio.sleep(A_DAY)
        except asyncio.CancelledError:
            cut.set()
            raise
        return A_DAY

    async with BackgroundJob("sweep", step).running():
        await asyncio.sleep(0)

    assert cut.is_set()
