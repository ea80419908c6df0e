"""Measures how busy the event loop is: what blocks it delays every request of the process.

Who looks once a second also has the process's numbers told to whoever adds up those of all processes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from auth_api.kit.clock import monotonic
from auth_api.kit.metrics import LOOP_LAG
from auth_api.kit.prometheus import tell

PERIOD: Final = 1.0
"""Seconds from one look to the next."""


@asynccontextmanager
async def event_loop_watched() -> AsyncIterator[None]:
    """Measure in this context how late the loop wakes a task whose time has come."""
    watch = asyncio.create_task(_watch(), name="event-loop-watch")
    try:
        yield
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        tell()


async def _watch() -> None:
    while True:
        due = monotonic() + PERIOD
        await asyncio.sleep(PERIOD)
        LOOP_LAG.observe(max(0.0, monotonic() - due))
        tell()
