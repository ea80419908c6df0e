"""Run the startup and shutdown of an application in one task, as its contexts must be left by the task that entered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar


@asynccontextmanager
async def started(app: Litestar) -> AsyncIterator[None]:
    """Keep the application started in this context."""
    ready, done = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with app.lifespan():
            ready.set()
            await done.wait()

    task = asyncio.create_task(run())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not ready.is_set():
        waiting.cancel()
        await task  # raises the error of the startup
    try:
        yield
    finally:
        done.set()
        await task
