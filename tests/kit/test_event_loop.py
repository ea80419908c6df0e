"""A loop that something blocks is late, and that shows."""

import asyncio
import time

import pytest

from auth_api.kit.event_loop import event_loop_watched
from tests.support.exposition import Changes
from tests.support.patience import until


async def test_what_blocks_the_loop_shows_as_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api.kit.event_loop.PERIOD", 0.01)
    changes = Changes()

    async with event_loop_watched():
        await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251 - this is what must not happen
        await until(lambda: changes.of("event_loop_lag_seconds_count") > 0)

    assert changes.of("event_loop_lag_seconds_sum") >= 0.05


async def test_the_watch_ends_with_its_context() -> None:
    async with event_loop_watched():
        pass

    assert not [task for task in asyncio.all_tasks() if task.get_name() == "event-loop-watch" and task.cancelling()]
