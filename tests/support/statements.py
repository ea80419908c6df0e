"""Records the statements of an engine, and waits for one that is blocked."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.waiting import TIMEOUT_SECONDS

_BLOCKED = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@contextmanager
def recorded(engine: Any) -> Iterator[list[str]]:
    """Yield a list that gets the text of every statement, with placeholders, except BEGIN and COMMIT."""
    statements: list[str] = []
    run = engine.run_querystring

    async def run_recorded(querystring: Any, **arguments: Any) -> Any:
        statements.append(querystring.compile_string()[0])
        return await run(querystring, **arguments)

    engine.run_querystring = run_recorded
    try:
        yield statements
    finally:
        del engine.run_querystring


async def until_blocked(engine: Any) -> None:
    """Return when a statement or transaction waits for another transaction to end.

    Raises:
        TimeoutError: none waited in time.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await is_blocked(engine):  # noqa: ASYNC110 - neither engine has an event for it
            await asyncio.sleep(0.002)


async def is_blocked(engine: Any) -> bool:
    """Return whether a statement or transaction waits for another transaction to end."""
    if engine.engine_type == "sqlite":
        return bool(engine._writer_limiter._free._waiters)  # noqa: SLF001 - asyncio shows no waiters
    return bool(await engine._run_in_pool(_BLOCKED))  # noqa: SLF001 - outside of the current transaction
