"""A loop that something blocks is late, and that shows."""

import asyncio
import time

import pytest

from auth_api.kit.loop_lag import event_loop_watched
from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.prometheus import registry
from tests.support.exposition import Changes
from tests.support.patience import until

pytestmark = pytest.mark.engine_independent


async def test_what_blocks_the_loop_shows_as_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api.kit.loop_lag.PERIOD", 0.01)
    changes = Changes()

    async with event_loop_watched():
        await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251 - this is what must not happen
        await until(lambda: changes.of("event_loop_lag_seconds_count") > 0)

    assert changes.of("event_loop_lag_seconds_sum") >= 0.05


async def test_what_was_counted_is_told_now_and_then_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api.kit.loop_lag.PERIOD", 0.01)
    refusals = LIMIT_REFUSALS.labels("of this test")

    async with event_loop_watched():
        refusals.inc()
        await until(lambda: told() == 1)
        monkeypatch.setattr("auth_api.kit.loop_lag.PERIOD", 600)
        await asyncio.sleep(0.02)
        refusals.inc()
        assert told() == 1

    assert told() == 2


def told() -> float | None:
    return registry.get_sample_value("auth_api_limit_refusals_total", {"limit": "of this test"})


async def test_the_watch_ends_with_its_context() -> None:
    async with event_loop_watched():
        pass

    assert not [task for task in asyncio.all_tasks() if task.get_name() == "event-loop-watch" and task.cancelling()]
