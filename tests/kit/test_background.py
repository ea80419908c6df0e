"""Background jobs can be woken, are retried after errors, and stop within a time limit."""

import asyncio

import pytest

from auth_api.kit import background
from auth_api.kit.background import BackgroundJob
from tests.support.log_lines import logged
from tests.support.waiting import until

DAY_SECONDS = 86400.0


async def test_job_runs_at_once_and_again_when_woken() -> None:
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        return DAY_SECONDS

    job = BackgroundJob("sweep", step)
    async with job.running():
        await until(lambda: len(steps) == 1)
        job.wake()
        await until(lambda: len(steps) == 2)


async def test_job_can_be_woken_later() -> None:
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        return DAY_SECONDS

    job = BackgroundJob("sweep", step)
    async with job.running():
        await until(lambda: len(steps) == 1)
        job.wake(0.001)
        await until(lambda: len(steps) == 2)


async def test_job_that_is_woken_during_a_step_runs_again() -> None:
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        if len(steps) == 1:
            job.wake()
        return DAY_SECONDS

    job = BackgroundJob("sweep", step)
    async with job.running():
        await until(lambda: len(steps) == 2)


async def test_job_repeats_its_step_without_a_pause_if_the_step_returns_zero() -> None:
    left = [3]

    async def step() -> float:
        left[0] -= 1
        return 0.0 if left[0] else DAY_SECONDS

    async with BackgroundJob("sweep", step).running():
        await until(lambda: left[0] == 0)


async def test_failing_job_is_retried_and_logs_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.001)
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        if len(steps) < 4:
            raise OSError
        return DAY_SECONDS

    with logged("WARNING") as lines:
        async with BackgroundJob("sweep", step).running():
            await until(lambda: len(steps) == 4)

    assert [(line["event"], line["job"], line["error_type"]) for line in lines] == [("job:failed", "sweep", "OSError")]


async def test_stopping_waits_for_a_running_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MAX_STOP_SECONDS", DAY_SECONDS)
    finished = asyncio.Event()
    begun = asyncio.Event()

    async def step() -> float:
        begun.set()
        await asyncio.sleep(0.05)
        finished.set()
        return DAY_SECONDS

    async with BackgroundJob("sweep", step).running():
        await begun.wait()

    assert finished.is_set()


async def test_stopping_cancels_a_step_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MAX_STOP_SECONDS", 0.01)
    cancelled = asyncio.Event()

    async def step() -> float:
        try:
            await asyncio.sleep(DAY_SECONDS)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return DAY_SECONDS

    async with BackgroundJob("sweep", step).running():
        await asyncio.sleep(0)

    assert cancelled.is_set()


async def test_last_step_of_a_job_runs_when_it_is_stopped() -> None:
    steps: list[int] = []

    async def step() -> float:
        steps.append(1)
        if len(steps) == 2:
            raise OSError
        return DAY_SECONDS

    async with BackgroundJob("uses", step, has_last_step=True).running():
        await until(lambda: len(steps) == 1)

    assert len(steps) == 2
