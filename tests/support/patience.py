"""Waits, without holding the event loop, for what another thread or task does."""

import asyncio
from collections.abc import Callable

PATIENCE = 5.0
"""Seconds until what has not happened is taken for something that never will."""


async def until(condition: Callable[[], bool], *, within: float = PATIENCE) -> None:
    """Return once the condition holds.

    Raises:
        TimeoutError: it did not hold in time.
    """
    async with asyncio.timeout(within):
        while True:
            if condition():
                return
            await asyncio.sleep(0.001)
