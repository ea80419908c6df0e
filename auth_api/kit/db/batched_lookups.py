"""Look-ups of concurrent requests that share one round trip to the database."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

MAX_BATCH_SIZE: Final = 100
"""Number of look-ups that may share one statement."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

LoadOne = Callable[[K], Awaitable[V | None]]
LoadMany = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]


class _Batch(Generic[K, V]):
    """Look-ups that will be sent together in the next iteration of the event loop."""

    def __init__(self) -> None:
        self.waiting: list[tuple[K, asyncio.Future[V | None]]] = []

    def join(self, key: K) -> asyncio.Future[V | None]:
        """Add a look-up. A caller that no longer waits for it does not affect the others."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((key, future))
        return future

    def resolve(self, found: Mapping[K, V]) -> None:
        """Return the values to the callers that still wait."""
        for key, future in self.waiting:
            if not future.done():
                future.set_result(found.get(key))

    def fail(self, error: BaseException) -> None:
        """Raise the error in the callers that still wait."""
        for _, future in self.waiting:
            if future.done():
                continue
            if isinstance(error, Exception):
                future.set_exception(error)
            else:
                future.cancel()


class BatchedLookups(Generic[K, V]):
    """Looks values up by key, in a batch if other look-ups are in progress.

    The first look-up is sent at once. Look-ups that arrive while another is in progress are sent together in the next
    iteration of the event loop. Every statement begins after the requests that it serves have arrived, so that it sees
    what was revoked before. A batch is one call to the circuit breaker, and an error affects only its own members.

    Not for use within a transaction, as other tasks do not see its changes.

    Args:
        can_batch: whether the database accepts a list of keys.
        load_one: loads the value of one key.
        load_many: loads the values of several keys, whose form no client may choose: the statement fails for all.
    """

    def __init__(self, *, can_batch: bool, load_one: LoadOne[K, V], load_many: LoadMany[K, V]) -> None:
        self._can_batch = can_batch
        self._load_one = load_one
        self._load_many = load_many
        self._in_progress = 0
        self._next_batch: _Batch[K, V] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, key: K) -> V | None:
        """Return the value of a key, or None if there is none."""
        if self._can_batch and self._in_progress:
            return await self._batch().join(key)
        self._in_progress += 1
        try:
            return await self._load_one(key)
        finally:
            self._in_progress -= 1

    def _batch(self) -> _Batch[K, V]:
        if self._next_batch is None or len(self._next_batch.waiting) == MAX_BATCH_SIZE:
            self._next_batch = _Batch()
            # An empty context: the first caller may be within a transaction, or a call of the circuit breaker.
            task = asyncio.get_running_loop().create_task(self._send(self._next_batch), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._next_batch

    async def _send(self, batch: _Batch[K, V]) -> None:
        if self._next_batch is batch:
            self._next_batch = None  # later look-ups must see later revocations
        self._in_progress += 1
        try:
            batch.resolve(await self._load_many([key for key, _ in batch.waiting]))
        except BaseException as error:
            batch.fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._in_progress -= 1
