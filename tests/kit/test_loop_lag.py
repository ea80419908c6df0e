"""The lag of the event loop is measured while the application runs."""

import asyncio
import time

import pytest

from auth_api.kit.loop_lag import loop_lag_measured
from tests.support.exposition import Changes
from tests.support.waiting import until

pytestmark = pytest.mark.engine_independent


async def test_blocking_call_is_measured_as_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api.kit.loop_lag.INTERVAL_SECONDS", 0.01)
    changes = Changes()

    async with loop_lag_measured():
        await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251 - blocks the event loop on purpose
        await until(lambda: changes.of("event_loop_lag_seconds_count") > 0)

    assert changes.of("event_loop_lag_seconds_sum") >= 0.05


async def test_measurement_ends_with_its_context() -> None:
    before = asyncio.all_tasks()

    async with loop_lag_measured():
        assert asyncio.all_tasks() > before

    assert asyncio.all_tasks() == before
