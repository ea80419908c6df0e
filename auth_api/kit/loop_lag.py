"""Measure the lag of the event loop: code that blocks the loop delays every request of the process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from auth_api.kit.clock import monotonic
from auth_api.kit.metrics import LOOP_LAG

INTERVAL_SECONDS: Final = 1.0


@asynccontextmanager
async def loop_lag_measured() -> AsyncIterator[None]:
    """Measure in this context how late the event loop wakes a sleeping task."""
    task = asyncio.create_task(_measure(), name="loop-lag")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _measure() -> None:
    while True:
        due = monotonic() + INTERVAL_SECONDS
        await asyncio.sleep(INTERVAL_SECONDS)
        LOOP_LAG.observe(max(0.0, monotonic() - due))
