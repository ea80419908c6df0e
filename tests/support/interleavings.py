"""Interleavings of transactions: one stops after a chosen statement, until another has ended or waits for its locks."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg

from tests.support.statements import is_blocked
from tests.support.waiting import TIMEOUT_SECONDS

T = TypeVar("T")
U = TypeVar("U")

_stops: ContextVar[bool] = ContextVar("stops", default=False)


@dataclass
class Interleaving:
    """Stops a task after its first `statements` statements within transactions, and counts deadlocks of all tasks."""

    engine: Any
    statements: int = 0
    deadlocks: list[str] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    resumed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(
        self, first: Callable[[], Coroutine[Any, Any, T]], second: Callable[[], Coroutine[Any, Any, U]]
    ) -> tuple[T, U]:
        """Let `first` stop, then `second` proceed as far as it can; then complete both and return their results."""
        stopping = asyncio.create_task(self._marked(first))
        reached = asyncio.create_task(self.stopped.wait())
        await asyncio.wait({stopping, reached}, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        other = asyncio.create_task(second())
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not (other.done() or await is_blocked(self.engine)):  # noqa: ASYNC110 - PostgreSQL has no event
                await asyncio.sleep(0.001)
        self.resumed.set()
        return await stopping, await other

    async def after_statement(self) -> None:
        """Stop if the statement that has just ended is the chosen one."""
        if not (_stops.get() and self.engine.transaction_exists()):
            return
        self.statements -= 1
        if self.statements == 0:
            self.stopped.set()
            await self.resumed.wait()

    @staticmethod
    async def _marked(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        _stops.set(True)
        return await work()


@contextmanager
def interleaved(engine: Any, *, after: int = 0) -> Iterator[Interleaving]:
    """Yield an interleaving whose first task stops after this number of statements; with 0 it only counts deadlocks."""
    interleaving = Interleaving(engine, after)
    run = engine.run_querystring

    async def run_observed(querystring: Any, **arguments: Any) -> Any:
        try:
            rows = await run(querystring, **arguments)
        except asyncpg.DeadlockDetectedError:
            interleaving.deadlocks.append(querystring.template)
            raise
        await interleaving.after_statement()
        return rows

    engine.run_querystring = run_observed
    try:
        yield interleaving
    finally:
        del engine.run_querystring
