"""Session checks that share a round trip are as good as ones made alone: each of the conditions for it."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

import pytest

from auth_api.sessions.principal import Principal
from auth_api.sessions.principal_loader import MOST, PrincipalLoader
from auth_api.users.user import User

NOW = datetime(2026, 1, 1, tzinfo=UTC)

inherited: ContextVar[str] = ContextVar("inherited", default="nothing")


def principal(number: int) -> Principal:
    """Return account `number` behind session `number`."""
    user = User(
        id=number,
        username=f"user{number}",
        email=f"user{number}@example.com",
        is_active=True,
        email_verified_at=None,
        locale=None,
        created_at=NOW,
        updated_at=NOW,
        last_login=None,
    )
    return Principal(user=user, session_id=UUID(int=number), auth_time=NOW)


class Store:
    """A database that answers when it is let."""

    def __init__(self) -> None:
        self.live = set(range(1, 1000))
        self.asked: list[list[int]] = []
        self.alone = 0
        self.contexts: list[str] = []
        self.gate = asyncio.Event()
        self.errors: list[Exception] = []
        self.principal_loader = PrincipalLoader(shares=True, alone=self._alone, together=self._together)

    async def _alone(self, session_id: UUID, user_id: int) -> Principal | None:
        self.alone += 1
        found = (await self._together([session_id])).get(session_id)
        return found if found is not None and found.id == user_id else None

    async def _together(self, session_ids: Sequence[UUID]) -> dict[UUID, Principal]:
        self.asked.append([session_id.int for session_id in session_ids])
        self.contexts.append(inherited.get())
        found = {session_id: principal(session_id.int) for session_id in session_ids if session_id.int in self.live}
        await self.gate.wait()
        if len(session_ids) > 1 and self.errors:
            raise self.errors.pop()
        return found

    def find(self, number: int, user_id: int | None = None) -> asyncio.Task[Principal | None]:
        """Begin to look up session `number`."""
        return asyncio.create_task(self.principal_loader.find(UUID(int=number), number if user_id is None else user_id))


@pytest.fixture
def store() -> Store:
    return Store()


async def turns(number: int = 3) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_the_first_goes_alone_and_those_beside_it_share(store: Store) -> None:
    tasks = [store.find(number) for number in range(1, 6)]
    await turns()
    store.gate.set()

    assert await asyncio.gather(*tasks) == [principal(number) for number in range(1, 6)]
    assert store.asked == [[1], [2, 3, 4, 5]]


async def test_one_after_the_other_each_goes_alone(store: Store) -> None:
    store.gate.set()
    for number in range(1, 4):
        assert await store.find(number) == principal(number)

    assert (store.asked, store.alone) == ([[1], [2], [3]], 3)


async def test_a_look_up_joins_no_batch_that_was_sent(store: Store) -> None:
    """It could otherwise miss that its session ended before its request came."""
    before = [store.find(number) for number in (1, 2, 3)]
    await turns()
    store.live.discard(3)
    after = store.find(3)
    await turns()
    store.gate.set()

    assert await before[2] == principal(3)
    assert await after is None
    assert store.asked == [[1], [2, 3], [3]]
    await asyncio.gather(*before)


async def test_the_flush_inherits_nothing_from_who_comes_first(store: Store) -> None:
    """Neither a transaction nor a place in the breaker."""
    token = inherited.set("a transaction")
    tasks = [store.find(number) for number in (1, 2, 3)]
    inherited.reset(token)
    await turns()
    store.gate.set()
    await asyncio.gather(*tasks)

    assert store.contexts == ["a transaction", "nothing"]


@pytest.mark.parametrize("gone", [1, 2, 3, 4])
async def test_who_goes_away_takes_nothing_from_the_others(store: Store, gone: int) -> None:
    tasks = {number: store.find(number) for number in (1, 2, 3, 4)}
    await turns()
    tasks.pop(gone).cancel()
    await turns()
    store.gate.set()

    assert await asyncio.gather(*tasks.values()) == [principal(number) for number in tasks]


async def test_who_goes_away_before_the_flush_takes_nothing_from_the_others(store: Store) -> None:
    alone = store.find(1)
    await turns()
    tasks = [store.find(number) for number in (2, 3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    store.gate.set()

    assert await tasks[1] == principal(3)
    assert await alone == principal(1)


async def test_when_all_have_gone_away_the_next_ones_are_served(store: Store) -> None:
    tasks = [store.find(number) for number in (1, 2, 3)]
    await turns()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    store.gate.set()
    await turns()

    assert await store.find(4) == principal(4)
    assert (store.asked[-1], store.alone) == ([4], 2)


async def test_a_failure_is_that_of_its_batch_alone(store: Store) -> None:
    store.errors.append(ConnectionResetError())
    alone = store.find(1)
    await turns()
    first = [store.find(number) for number in (2, 3)]
    await turns()
    second = [store.find(number) for number in (4, 5)]
    await turns()
    store.gate.set()

    outcomes = await asyncio.gather(alone, *first, *second, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        Principal,
        ConnectionResetError,
        ConnectionResetError,
        Principal,
        Principal,
    ]


async def test_who_has_gone_away_keeps_nobody_from_hearing_of_a_failure(store: Store) -> None:
    store.errors.append(ConnectionResetError())
    alone, gone, first, second = (store.find(number) for number in (1, 2, 3, 4))
    await turns()
    gone.cancel()
    await turns()
    store.gate.set()

    outcomes = await asyncio.gather(alone, first, second, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Principal, ConnectionResetError, ConnectionResetError]


async def test_when_the_loop_ends_a_batch_nobody_waits_for_ever(store: Store) -> None:
    tasks = [store.find(number) for number in (1, 2, 3)]
    await turns()
    (batch,) = store.principal_loader._tasks  # noqa: SLF001 - as asyncio's runner ends all tasks
    batch.cancel()
    await turns()

    assert [task.cancelled() for task in tasks] == [False, True, True]
    store.gate.set()
    assert await tasks[0] == principal(1)


async def test_a_session_of_somebody_else_is_nobody_s_and_spoils_nothing(store: Store) -> None:
    """Also with a number that the database could not take."""
    tasks = [store.find(1), store.find(2), store.find(3, user_id=2), store.find(4, user_id=2**70)]
    await turns()
    store.gate.set()

    assert await asyncio.gather(*tasks) == [principal(1), principal(2), None, None]


async def test_a_batch_has_a_limit(store: Store) -> None:
    tasks = [store.find(number) for number in range(1, 2 * MOST + 3)]
    await turns()
    store.gate.set()
    await asyncio.gather(*tasks)

    assert [len(batch) for batch in store.asked] == [1, MOST, MOST, 1]


async def test_without_lists_each_goes_alone(store: Store) -> None:
    store.principal_loader = PrincipalLoader(shares=False, alone=store._alone, together=store._together)  # noqa: SLF001 - its own
    tasks = [store.find(number) for number in (1, 2, 3)]
    await turns()
    store.gate.set()
    await asyncio.gather(*tasks)

    assert (store.asked, store.alone) == ([[1], [2], [3]], 3)
