"""Wait for a condition that another process, thread or task makes true."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

PROCESS_TIMEOUT_SECONDS: Final = 10.0
TASK_TIMEOUT_SECONDS: Final = 5.0


def wait_until(condition: Callable[[], bool], *, within: float = PROCESS_TIMEOUT_SECONDS) -> float:
    """Block until the condition holds, and return the seconds that it took.

    Raises:
        TimeoutError: it did not hold within this number of seconds.
    """
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > within:
            message = f"the condition did not hold within {within} s"
            raise TimeoutError(message)
        time.sleep(0.01)
    return time.monotonic() - begin


async def until(condition: Callable[[], bool], *, within: float = TASK_TIMEOUT_SECONDS) -> None:
    """Return when the condition holds, without blocking the event loop.

    Raises:
        TimeoutError: it did not hold within this number of seconds.
    """
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.001)
