"""Number of Python functions that a request calls in the event loop's thread: `python -m benchmarks.calls`.

Fails if a number exceeds its limit. Unlike times, the numbers are the same on every machine, whatever else runs on it:
they show that a change made a hot path clearly heavier. Raise a limit if the change is worth it.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Final

import msgspec
import uvloop

from auth_api.app import create_app
from auth_api.kit.logging import configure_logging
from auth_api.settings import Settings
from benchmarks.contestants import PASSWORD, our_environment
from benchmarks.layers import HotPaths
from benchmarks.seeding import seed
from tests.support.lifespan import started
from tests.support.postgres import PostgresServer, create_database

MAX_CALLS: Final = {"profile": 320, "refresh": 540, "login": 1700, "rejected login": 110}
"""On PostgreSQL; a coroutine counts each time that it continues. Python 3.11 and 3.13 differ by 4 %.

A login is rejected if all slots of the password hasher are taken: at ten times the capacity, nine of ten are.
"""


async def calls_of(work: Callable[[], Awaitable[object]]) -> int:
    """Return the number of Python functions that the work calls, the lowest of five attempts."""
    for _ in range(3):  # fills the caches
        await work()
    return min([await _count(work) for _ in range(5)])


async def _count(work: Callable[[], Awaitable[object]]) -> int:
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    gc.disable()  # finalizers are functions, too
    sys.setprofile(count)
    try:
        await work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


async def measure(database_url: str) -> dict[str, int]:
    """Return the number of calls of each hot path."""
    settings = Settings.from_env(our_environment(database_url, HOUSEKEEPING_INTERVAL="0"))  # which would be counted
    people = await seed(settings, 1, PASSWORD)
    with open(os.devnull, "wb") as nowhere:  # noqa: ASYNC230, PTH123 - opened once
        configure_logging(level="INFO", as_json=True, descriptor=nowhere.fileno())
        app = create_app(settings)
        async with started(app):
            paths, hasher = HotPaths(app, people), app.state.services.core.hasher
            counts = {
                "profile": await calls_of(paths.profile),
                "refresh": await calls_of(paths.refresh),
                "login": await calls_of(paths.log_in),
            }
            policy = hasher._policy  # noqa: SLF001 - a queue that is full from the start cannot be configured
            hasher._policy = msgspec.structs.replace(policy, queue_size=-policy.threads)  # noqa: SLF001 - as above
            return {**counts, "rejected login": await calls_of(paths.try_to_log_in)}


def main() -> int:
    """Count and print; return 1 if a number exceeds its limit."""
    with PostgresServer() as server:
        url = asyncio.run(create_database(server.url(), "calls"))
        counts = uvloop.run(measure(url))
    for name, calls in counts.items():
        sys.stdout.write(f"{calls:8} of at most {MAX_CALLS[name]:4} Python function calls  {name}\n")
    return int(any(calls > MAX_CALLS[name] for name, calls in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
