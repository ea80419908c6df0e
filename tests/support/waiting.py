"""Waits for what another process does."""

import time
from collections.abc import Callable

PATIENCE = 10.0
"""Seconds until what has not happened is taken for something that never will."""


def wait_until(condition: Callable[[], bool], *, within: float = PATIENCE) -> float:
    """Return how many seconds it took until the condition held.

    Raises:
        TimeoutError: it did not hold in time.
    """
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > within:
            message = f"it did not happen within {within} s"
            raise TimeoutError(message)
        time.sleep(0.01)
    return time.monotonic() - begin
