"""Loads the principals of concurrent requests with one round trip to the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar
from uuid import UUID

from auth_api.sessions import principal_repository
from auth_api.sessions.principal import GrantedPrincipal, Principal

MAX_BATCH_SIZE: Final = 100
"""Number of look-ups that may share one statement."""

P = TypeVar("P", bound=Principal)

LoadOne = Callable[[UUID, int], Awaitable[P | None]]
LoadMany = Callable[[Sequence[UUID]], Awaitable[dict[UUID, P]]]


class _Batch(Generic[P]):
    """Look-ups that will be sent together in the next iteration of the event loop."""

    def __init__(self) -> None:
        self.waiting: list[tuple[UUID, int, asyncio.Future[P | None]]] = []

    def join(self, session_id: UUID, user_id: int) -> asyncio.Future[P | None]:
        """Add a look-up. A caller that no longer waits for it does not affect the others."""
        future: asyncio.Future[P | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((session_id, user_id, future))
        return future

    def resolve(self, principals: dict[UUID, P]) -> None:
        """Return the principals to the callers that still wait."""
        for session_id, user_id, future in self.waiting:
            if not future.done():
                principal = principals.get(session_id)
                future.set_result(principal if principal is not None and principal.id == user_id else None)

    def fail(self, error: BaseException) -> None:
        """Raise the error in the callers that still wait."""
        for *_, future in self.waiting:
            if future.done():
                continue
            if isinstance(error, Exception):
                future.set_exception(error)
            else:
                future.cancel()


class PrincipalLoader(Generic[P]):
    """Loads the principal of a session, in a batch if other look-ups are in progress.

    The first look-up is sent at once. Look-ups that arrive while another is in progress are sent together in the next
    iteration of the event loop. Every statement begins after the requests that it serves have arrived, so that it sees
    what was revoked before. A batch is one call to the circuit breaker, and an error affects only its own members.

    Not for use within a transaction, as other tasks do not see its changes.

    Args:
        can_batch: whether the database accepts a list of ids.
        load_one: loads one principal.
        load_many: loads several. The only values from clients that it gets are session ids, which are UUIDs: no client
            can make the statement fail for the others.
    """

    def __init__(
        self,
        *,
        can_batch: bool,
        load_one: LoadOne[P],
        load_many: LoadMany[P],
    ) -> None:
        self._can_batch = can_batch
        self._load_one = load_one
        self._load_many = load_many
        self._in_progress = 0
        self._next_batch: _Batch[P] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, session_id: UUID, user_id: int) -> P | None:
        """Return the principal, or None if the session has ended, or its user is disabled, deleted or another one."""
        if self._can_batch and self._in_progress:
            return await self._batch().join(session_id, user_id)
        self._in_progress += 1
        try:
            return await self._load_one(session_id, user_id)
        finally:
            self._in_progress -= 1

    async def reload(self, principal: P) -> P | None:
        """Return a principal with what its session has proved by now, at most what it had when it was loaded.

        Call it within a transaction that has locked the user's row. Return None if the session has ended meanwhile.
        """
        present = await self._load_one(principal.session_id, principal.id)
        return present.limited_to_earlier(principal) if present is not None else None

    def _batch(self) -> _Batch[P]:
        if self._next_batch is None or len(self._next_batch.waiting) == MAX_BATCH_SIZE:
            self._next_batch = _Batch()
            # An empty context: the first caller may be within a transaction, or a call of the circuit breaker.
            task = asyncio.get_running_loop().create_task(self._send(self._next_batch), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._next_batch

    async def _send(self, batch: _Batch[P]) -> None:
        if self._next_batch is batch:
            self._next_batch = None  # later look-ups must see later revocations
        self._in_progress += 1
        try:
            batch.resolve(await self._load_many([session_id for session_id, *_ in batch.waiting]))
        except BaseException as error:
            batch.fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._in_progress -= 1


def principal_loader(*, can_batch: bool) -> PrincipalLoader[Principal]:
    """Return the loader of requests that need no permission."""
    return PrincipalLoader(
        can_batch=can_batch,
        load_one=principal_repository.find_principal,
        load_many=principal_repository.find_principals,
    )


def granted_loader(*, can_batch: bool) -> PrincipalLoader[GrantedPrincipal]:
    """Return the loader of requests that need a permission: the same statement, with the roles of the user."""
    return PrincipalLoader(
        can_batch=can_batch,
        load_one=principal_repository.find_granted,
        load_many=principal_repository.find_many_granted,
    )
