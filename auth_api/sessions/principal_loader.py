"""Loads the principals of concurrent requests with one round trip to the database."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from auth_api.kit.db.batched_lookups import BatchedLookups
from auth_api.sessions import principal_repository
from auth_api.sessions.principal import GrantedPrincipal, Principal

P = TypeVar("P", bound=Principal)

LoadOne = Callable[[UUID, int], Awaitable[P | None]]
LoadMany = Callable[[Sequence[UUID]], Awaitable[dict[UUID, P]]]


class PrincipalLoader(Generic[P]):
    """Loads the principal of a session, in a batch if other look-ups are in progress, see `BatchedLookups`.

    Not for use within a transaction, as other tasks do not see its changes.

    Args:
        can_batch: whether the database accepts a list of ids.
        load_one: loads one principal.
        load_many: loads several. The only values from clients that it gets are session ids, which are UUIDs: no client
            can make the statement fail for the others.
    """

    def __init__(self, *, can_batch: bool, load_one: LoadOne[P], load_many: LoadMany[P]) -> None:
        async def load_pairs(pairs: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], P]:
            found = await load_many([session_id for session_id, _ in pairs])
            return {(session_id, principal.id): principal for session_id, principal in found.items()}

        self._load_one = load_one
        self._lookups = BatchedLookups[tuple[UUID, int], P](
            can_batch=can_batch, load_one=lambda pair: load_one(*pair), load_many=load_pairs
        )

    async def find(self, session_id: UUID, user_id: int) -> P | None:
        """Return the principal, or None if the session has ended, or its user is disabled, deleted or another one."""
        return await self._lookups.find((session_id, user_id))

    async def reload(self, principal: P) -> P | None:
        """Return a principal with what its session has proved by now, at most what it had when it was loaded.

        Call it within a transaction that has locked the user's row. Return None if the session has ended meanwhile.
        """
        present = await self._load_one(principal.session_id, principal.id)
        return present.limited_to_earlier(principal) if present is not None else None


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
