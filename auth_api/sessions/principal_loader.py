"""Session checks that happen at the same time share one round trip to the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final
from uuid import UUID

from auth_api.sessions import principal_repository
from auth_api.sessions.principal import Principal

MOST: Final = 100
"""Look-ups that share one statement."""

Alone = Callable[[UUID, int], Awaitable[Principal | None]]
Together = Callable[[Sequence[UUID]], Awaitable[dict[UUID, Principal]]]


class _Batch:
    """Look-ups that wait for the event loop's next turn, to be sent together then."""

    def __init__(self) -> None:
        self.waiting: list[tuple[UUID, int, asyncio.Future[Principal | None]]] = []

    def join(self, session_id: UUID, user_id: int) -> asyncio.Future[Principal | None]:
        """Ask for one more. Who no longer waits for the answer takes nothing from the others."""
        response: asyncio.Future[Principal | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((session_id, user_id, response))
        return response

    def response(self, found: dict[UUID, Principal]) -> None:
        """Tell everybody who still waits who is behind their session."""
        for session_id, user_id, response in self.waiting:
            if not response.done():
                principal = found.get(session_id)
                response.set_result(principal if principal is not None and principal.id == user_id else None)

    def fail(self, error: BaseException) -> None:
        """Tell everybody who still waits that there is no answer."""
        for *_, response in self.waiting:
            if response.done():
                continue
            if isinstance(error, Exception):
                response.set_exception(error)
            else:
                response.cancel()


class PrincipalLoader:
    """Finds who is behind a session.

    One that comes while nobody asks is asked for at once. Those that come while others are asked for go together at the
    event loop's next turn. Each begins after its own request arrived, so that what was revoked before is seen; one
    batch is one call to the breaker, and its failure that of its own members alone.

    Not for use within a transaction, whose changes others do not see.

    Args:
        shares: whether the database takes several at once.
        alone: asks for one.
        together: asks for several. Of the values that clients choose it gets session ids only, which are UUIDs: none
            of them can spoil the statement for the others.
    """

    def __init__(
        self,
        *,
        shares: bool,
        alone: Alone = principal_repository.find_principal,
        together: Together = principal_repository.find_principals,
    ) -> None:
        self._shares = shares
        self._alone = alone
        self._together = together
        self._under_way = 0
        self._next: _Batch | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, session_id: UUID, user_id: int) -> Principal | None:
        """Return who is behind a session. None if it ended, or the account is disabled or gone, or another one."""
        if self._shares and self._under_way:
            return await self._batch().join(session_id, user_id)
        self._under_way += 1
        try:
            return await self._alone(session_id, user_id)
        finally:
            self._under_way -= 1

    def _batch(self) -> _Batch:
        if self._next is None or len(self._next.waiting) == MOST:
            self._next = _Batch()
            # An empty context: the first caller's may hold a transaction, or a place in the breaker.
            task = asyncio.get_running_loop().create_task(self._send(self._next), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._next

    async def _send(self, batch: _Batch) -> None:
        if self._next is batch:
            self._next = None  # what comes from now on may have been revoked since
        self._under_way += 1
        try:
            batch.response(await self._together([session_id for session_id, *_ in batch.waiting]))
        except BaseException as error:
            batch.fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._under_way -= 1
