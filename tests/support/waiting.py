"""Wait for a condition that another process, thread or task makes true."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

TIMEOUT_SECONDS: Final = 60.0
"""Time after which a test fails that waits for something that should happen at once.

Longer than any pause of a busy machine: only a test that fails waits for it.
"""

LONG_TIMEOUTS: Final = {
    "DATABASE_POOL_TIMEOUT": "60",
    "DATABASE_CONNECT_TIMEOUT": "60",
    "DATABASE_STATEMENT_TIMEOUT": "60",
    "PASSWORD_HASH_QUEUE_TIMEOUT": "600",  # the expected wait of fifty hashes, each of which took long
    "REQUEST_HEADER_TIMEOUT": "300",
    "REQUEST_BODY_TIMEOUT": "300",
    "REQUEST_TIMEOUT": "300",
    "KEEP_ALIVE_TIMEOUT": "3600",
}
"""Settings of applications and servers that no pause of a busy machine exceeds."""


def wait_until(condition: Callable[[], bool], *, within: float = TIMEOUT_SECONDS) -> float:
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


async def until(condition: Callable[[], bool], *, within: float = TIMEOUT_SECONDS) -> None:
    """Return when the condition holds, without blocking the event loop.

    Raises:
        TimeoutError: it did not hold within this number of seconds.
    """
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.001)
