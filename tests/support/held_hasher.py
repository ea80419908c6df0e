"""Stops password hashing for a while, so that a test can change the world in the middle of a request."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from auth_api.kit.crypto.passwords import PasswordHasher

PATIENCE = 5.0
"""Seconds until a request that does not come is taken for one that never will."""


@asynccontextmanager
async def held(hasher: PasswordHasher) -> AsyncIterator[None]:
    """Keep all threads of the hasher busy in this context, each with one of its places; what wants a hash waits."""
    threads = hasher._pool._max_workers  # noqa: SLF001 - there is no other way into its queue
    busy, release = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        busy.release()
        release.wait()

    holders = [asyncio.create_task(hasher._in_pool(hold)) for _ in range(threads)]  # noqa: SLF001 - as above
    try:
        for _ in range(threads):
            assert await asyncio.to_thread(busy.acquire, timeout=PATIENCE), "the hasher does not take any work"
        yield
    finally:
        release.set()
        await asyncio.gather(*holders)


def take_all_places(hasher: PasswordHasher, patch: pytest.MonkeyPatch) -> None:
    """Let nobody in until the end of the patch, and keep no thread busy."""
    policy = hasher._policy  # noqa: SLF001 - as above
    patch.setattr(hasher, "_policy", msgspec.structs.replace(policy, queue_size=-policy.threads))


async def requests_wait(hasher: PasswordHasher, number: int = 1) -> None:
    """Return when this many requests wait for a hash.

    Raises:
        TimeoutError: they did not come.
    """
    queue = hasher._pool._work_queue  # noqa: SLF001 - as above
    async with asyncio.timeout(PATIENCE):
        while queue.qsize() < number:  # noqa: ASYNC110 - a queue of threads, without events
            await asyncio.sleep(0.001)
