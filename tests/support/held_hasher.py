"""Stops or fills the password hasher, so that a test can change something in the middle of a request."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from auth_api.kit.crypto.passwords import PasswordHasher
from tests.support.waiting import TIMEOUT_SECONDS, until


@asynccontextmanager
async def held(hasher: PasswordHasher) -> AsyncIterator[None]:
    """Keep all threads of the hasher busy in this context, each with one slot; further hashes wait."""
    threads = hasher._pool._max_workers  # noqa: SLF001 - its queue is not public
    busy, release = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        busy.release()
        release.wait()

    holders = [asyncio.create_task(hasher._in_pool(hold)) for _ in range(threads)]  # noqa: SLF001 - as above
    try:
        for _ in range(threads):
            assert await asyncio.to_thread(busy.acquire, timeout=TIMEOUT_SECONDS), "the hasher does not begin a hash"
        yield
    finally:
        release.set()
        await asyncio.gather(*holders)


def remove_all_slots(hasher: PasswordHasher, patch: pytest.MonkeyPatch) -> None:
    """Refuse every hash until the end of the patch, without keeping a thread busy."""
    policy = hasher._policy  # noqa: SLF001 - as above
    patch.setattr(hasher, "_policy", msgspec.structs.replace(policy, queue_size=-policy.threads))


async def requests_wait(hasher: PasswordHasher, number: int = 1) -> None:
    """Return when this many requests wait for a thread.

    Raises:
        TimeoutError: they did not arrive in time.
    """
    queue = hasher._pool._work_queue  # noqa: SLF001 - as above
    await until(lambda: queue.qsize() >= number)
