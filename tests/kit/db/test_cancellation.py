"""Requests cancelled at random moments: no connection is leaked, and no transaction takes effect in part."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.support.scratch import Scratch
from tests.support.waiting import TIMEOUT_SECONDS

SEED = 20260219
CLIENTS = 200
MAX_DELAY_SECONDS = 0.15


async def start_and_cancel(request: Callable[[int], Awaitable[object]]) -> list[int]:
    """Start many requests and cancel most of them at random moments; return the numbers of the completed ones."""
    chance = random.Random(SEED)  # noqa: S311 - repeatable, as far as the system allows
    loop = asyncio.get_running_loop()
    tasks = [asyncio.ensure_future(request(number)) for number in range(CLIENTS)]
    for task in chance.sample(tasks, CLIENTS * 3 // 4):
        loop.call_later(chance.uniform(0, MAX_DELAY_SECONDS), task.cancel)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.wait(tasks)
    failed = [task.exception() for task in tasks if not task.cancelled() and task.exception()]
    assert failed == []
    completed = [number for number, task in enumerate(tasks) if not task.cancelled()]
    assert CLIENTS // 4 <= len(completed) < CLIENTS
    return completed


def max_transactions(engine: str) -> int:
    """Return the maximum number of concurrent transactions."""
    return 1 if engine == "sqlite" else 3


async def test_cancelled_transactions_are_atomic_and_leak_no_connection(scratch: Scratch, engine: str) -> None:
    async def request(number: int) -> None:
        async def work() -> None:
            await scratch.add(number)
            await asyncio.sleep(0)
            await scratch.add(number)

        await scratch.database.transaction(work)

    completed = await start_and_cancel(request)

    rows = Counter(await scratch.keys())
    assert set(rows.values()) <= {2}
    assert set(completed) <= rows.keys()
    assert await scratch.can_open(max_transactions(engine))


async def test_cancelled_failing_transactions_leak_no_connection(scratch: Scratch, engine: str) -> None:
    async def request(number: int) -> None:
        async def work() -> None:
            await scratch.add(number)
            raise LookupError

        with pytest.raises(LookupError):
            await scratch.database.transaction(work)

    await start_and_cancel(request)

    assert await scratch.keys() == []
    assert await scratch.can_open(max_transactions(engine))


async def test_cancelled_reads_leak_no_connection(scratch: Scratch, engine: str) -> None:
    await scratch.add(1)

    async def request(_: int) -> None:
        for _ in range(5):
            assert await scratch.keys() == [1]

    await start_and_cancel(request)

    assert await asyncio.gather(*(scratch.keys() for _ in range(20))) == [[1]] * 20
    assert await scratch.can_open(max_transactions(engine))


async def test_cancelled_single_statements_are_atomic(scratch: Scratch, engine: str) -> None:
    completed = await start_and_cancel(scratch.add)

    rows = Counter(await scratch.keys())
    assert set(rows.values()) <= {1}
    assert set(completed) <= rows.keys()
    assert await scratch.can_open(max_transactions(engine))


@pytest.mark.parametrize("steps", range(12))
async def test_transaction_may_be_cancelled_at_each_step(scratch: Scratch, engine: str, steps: int) -> None:
    async def work() -> None:
        await scratch.add(1)
        await scratch.add(2)

    for _ in range(5):
        task = asyncio.create_task(scratch.database.transaction(work))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    keys = Counter(await scratch.keys())
    assert keys[1] == keys[2]
    assert await scratch.can_open(max_transactions(engine))


@pytest.mark.parametrize("steps", range(1, 6))
async def test_second_cancellation_during_the_rollback_leaves_nothing_behind(
    scratch: Scratch, engine: str, steps: int
) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        await scratch.add(1)
        inside.set()
        await asyncio.Event().wait()

    for _ in range(5):
        inside.clear()
        task = asyncio.create_task(scratch.database.transaction(work))
        await inside.wait()
        task.cancel()
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    assert await scratch.database.transaction(scratch.keys) == []
    assert await scratch.can_open(max_transactions(engine))
