"""The principal loader: session checks that share a round trip give the same results as separate ones."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from auth_api.kit.db.batched_lookups import MAX_BATCH_SIZE
from auth_api.sessions.principal import Principal
from auth_api.sessions.principal_loader import PrincipalLoader
from auth_api.users.profile import Profile
from auth_api.users.user import User

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NO_PROFILE: Final[dict[str, Any]] = dict.fromkeys(Profile.__struct_fields__)

inherited: ContextVar[str] = ContextVar("inherited", default="empty")


def principal(number: int) -> Principal:
    """Return the principal of session `number`, whose user has the same number."""
    user = User(
        id=number,
        username=f"user{number}",
        email=f"user{number}@example.com",
        is_active=True,
        email_verified_at=None,
        created_at=NOW,
        updated_at=NOW,
        last_login=None,
        two_step_since=None,
        metadata=None,
        has_password=True,
        **NO_PROFILE,
    )
    return Principal(user=user, session_id=UUID(int=number), auth_time=NOW, amr=("pwd",))


class Store:
    """A database whose results are returned once the gate is open."""

    def __init__(self) -> None:
        self.live = set(range(1, 1000))
        self.loaded: list[list[int]] = []
        self.single_loads = 0
        self.contexts: list[str] = []
        self.gate = asyncio.Event()
        self.errors: list[Exception] = []
        self.principal_loader = PrincipalLoader(can_batch=True, load_one=self._load_one, load_many=self._load_many)

    async def _load_one(self, session_id: UUID, user_id: int) -> Principal | None:
        self.single_loads += 1
        found = (await self._load_many([session_id])).get(session_id)
        return found if found is not None and found.id == user_id else None

    async def _load_many(self, session_ids: Sequence[UUID]) -> dict[UUID, Principal]:
        self.loaded.append([session_id.int for session_id in session_ids])
        self.contexts.append(inherited.get())
        found = {session_id: principal(session_id.int) for session_id in session_ids if session_id.int in self.live}
        await self.gate.wait()
        if len(session_ids) > 1 and self.errors:
            raise self.errors.pop()
        return found

    def find(self, number: int, user_id: int | None = None) -> asyncio.Task[Principal | None]:
        """Start a look-up of session `number`."""
        return asyncio.create_task(self.principal_loader.find(UUID(int=number), number if user_id is None else user_id))


@pytest.fixture
def store() -> Store:
    return Store()


async def run_event_loop(number: int = 3) -> None:
    """Let other tasks run for several iterations of the event loop."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_first_look_up_is_sent_at_once_and_concurrent_ones_are_batched(store: Store) -> None:
    tasks = [store.find(number) for number in range(1, 6)]
    await run_event_loop()
    store.gate.set()

    assert await asyncio.gather(*tasks) == [principal(number) for number in range(1, 6)]
    assert store.loaded == [[1], [2, 3, 4, 5]]


async def test_look_ups_in_sequence_are_not_batched(store: Store) -> None:
    store.gate.set()
    for number in range(1, 4):
        assert await store.find(number) == principal(number)

    assert (store.loaded, store.single_loads) == ([[1], [2], [3]], 3)


async def test_look_up_does_not_join_a_batch_that_was_sent(store: Store) -> None:
    """Otherwise it could miss that its session ended before the request arrived."""
    before = [store.find(number) for number in (1, 2, 3)]
    await run_event_loop()
    store.live.discard(3)
    after = store.find(3)
    await run_event_loop()
    store.gate.set()

    assert await before[2] == principal(3)
    assert await after is None
    assert store.loaded == [[1], [2, 3], [3]]
    await asyncio.gather(*before)


async def test_batch_does_not_inherit_the_context_of_its_first_caller(store: Store) -> None:
    """The context may hold a transaction or a call of the circuit breaker."""
    token = inherited.set("a transaction")
    tasks = [store.find(number) for number in (1, 2, 3)]
    inherited.reset(token)
    await run_event_loop()
    store.gate.set()
    await asyncio.gather(*tasks)

    assert store.contexts == ["a transaction", "empty"]


@pytest.mark.parametrize("cancelled", [1, 2, 3, 4])
async def test_cancelled_look_up_does_not_affect_the_others(store: Store, cancelled: int) -> None:
    tasks = {number: store.find(number) for number in (1, 2, 3, 4)}
    await run_event_loop()
    tasks.pop(cancelled).cancel()
    await run_event_loop()
    store.gate.set()

    assert await asyncio.gather(*tasks.values()) == [principal(number) for number in tasks]


async def test_look_up_cancelled_before_its_batch_is_sent_does_not_affect_the_others(store: Store) -> None:
    single = store.find(1)
    await run_event_loop()
    tasks = [store.find(number) for number in (2, 3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    store.gate.set()

    assert await tasks[1] == principal(3)
    assert await single == principal(1)


async def test_loader_works_after_all_look_ups_were_cancelled(store: Store) -> None:
    tasks = [store.find(number) for number in (1, 2, 3)]
    await run_event_loop()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    store.gate.set()
    await run_event_loop()

    assert await store.find(4) == principal(4)
    assert (store.loaded[-1], store.single_loads) == ([4], 2)


async def test_error_affects_only_its_own_batch(store: Store) -> None:
    store.errors.append(ConnectionResetError())
    single = store.find(1)
    await run_event_loop()
    first = [store.find(number) for number in (2, 3)]
    await run_event_loop()
    second = [store.find(number) for number in (4, 5)]
    await run_event_loop()
    store.gate.set()

    outcomes = await asyncio.gather(single, *first, *second, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        Principal,
        ConnectionResetError,
        ConnectionResetError,
        Principal,
        Principal,
    ]


async def test_cancelled_look_up_does_not_hide_an_error_from_the_others(store: Store) -> None:
    store.errors.append(ConnectionResetError())
    single, cancelled, first, second = (store.find(number) for number in (1, 2, 3, 4))
    await run_event_loop()
    cancelled.cancel()
    await run_event_loop()
    store.gate.set()

    outcomes = await asyncio.gather(single, first, second, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Principal, ConnectionResetError, ConnectionResetError]


async def test_cancelled_batch_cancels_its_look_ups(store: Store) -> None:
    tasks = [store.find(number) for number in (1, 2, 3)]
    await run_event_loop()
    (batch,) = store.principal_loader._lookups._tasks  # noqa: SLF001 - asyncio's runner cancels all tasks at the end
    batch.cancel()
    await run_event_loop()

    assert [task.cancelled() for task in tasks] == [False, True, True]
    store.gate.set()
    assert await tasks[0] == principal(1)


async def test_session_of_another_user_is_not_found_and_does_not_affect_the_others(store: Store) -> None:
    """One of the user ids is out of the database's range."""
    tasks = [store.find(1), store.find(2), store.find(3, user_id=2), store.find(4, user_id=2**70)]
    await run_event_loop()
    store.gate.set()

    assert await asyncio.gather(*tasks) == [principal(1), principal(2), None, None]


async def test_batch_size_is_limited(store: Store) -> None:
    tasks = [store.find(number) for number in range(1, 2 * MAX_BATCH_SIZE + 3)]
    await run_event_loop()
    store.gate.set()
    await asyncio.gather(*tasks)

    assert [len(batch) for batch in store.loaded] == [1, MAX_BATCH_SIZE, MAX_BATCH_SIZE, 1]


async def test_look_ups_are_not_batched_if_the_database_accepts_no_lists(store: Store) -> None:
    store.principal_loader = PrincipalLoader(can_batch=False, load_one=store._load_one, load_many=store._load_many)  # noqa: SLF001 - the store is a part of this test
    tasks = [store.find(number) for number in (1, 2, 3)]
    await run_event_loop()
    store.gate.set()
    await asyncio.gather(*tasks)

    assert (store.loaded, store.single_loads) == ([[1], [2], [3]], 3)
