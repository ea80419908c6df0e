"""Hashing never holds the event loop, and never more memory than was allowed."""

import asyncio
import os
import threading
from collections.abc import Iterator

import pytest

from auth_api.kit.crypto.passwords import NICENESS, PasswordHasher
from auth_api.kit.crypto.policy import HashingPolicy
from auth_api.kit.errors import ServerOverloadedException
from tests.support.exposition import Changes
from tests.support.patience import until

pytestmark = pytest.mark.engine_independent


class Gate:
    """Stands in for argon2: work that takes until the gate is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = 0
        self.niceness: int | None = None

    def verify(self, _stored: str, password: bytes) -> bool:
        return bool(self.hash(password))

    def hash(self, _: bytes) -> str:
        self.entered += 1
        self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        assert self.opened.wait(10)
        return "hashed"


class Hashing:
    """A hasher whose work waits at a gate."""

    def __init__(self, *, threads: int, queue_size: int, queue_timeout: float = 10) -> None:
        policy = HashingPolicy(
            memory_kib=64, iterations=1, threads=threads, queue_size=queue_size, queue_timeout=queue_timeout
        )
        self.hasher = PasswordHasher(policy)
        self.gate = Gate()
        self.hasher._argon2 = self.gate  # type: ignore[assignment]  # noqa: SLF001 - the library, not the product

    def start(self) -> asyncio.Task[str]:
        return asyncio.create_task(self.hasher.hash("secret"))

    async def start_and_wait_until_it_runs(self) -> asyncio.Task[str]:
        before = self.gate.entered
        task = self.start()
        await until(lambda: self.gate.entered > before)
        return task

    async def has_room(self) -> bool:
        """Tell whether one more is let in; it is left waiting."""
        task = self.start()
        await asyncio.sleep(0)
        if task.done():
            return not isinstance(task.exception(), ServerOverloadedException)
        task.cancel()
        await asyncio.wait([task])
        return True

    async def comes_to_have_room(self) -> bool:
        async with asyncio.timeout(5):
            while True:
                if await self.has_room():
                    return True
                await asyncio.sleep(0.001)

    def close(self) -> None:
        self.gate.opened.set()
        self.hasher.close()


@pytest.fixture
def one_place() -> Iterator[Hashing]:
    made = Hashing(threads=1, queue_size=0)
    yield made
    made.close()


@pytest.fixture
def two_places() -> Iterator[Hashing]:
    made = Hashing(threads=1, queue_size=1)
    yield made
    made.close()


async def test_beyond_threads_and_queue_everybody_is_refused_at_once(two_places: Hashing) -> None:
    running, waiting = await two_places.start_and_wait_until_it_runs(), two_places.start()
    await asyncio.sleep(0)

    with pytest.raises(ServerOverloadedException) as refused:
        await two_places.hasher.hash("secret")
    with pytest.raises(ServerOverloadedException):
        await two_places.hasher.verify("secret", None)

    assert refused.value.headers == {"Retry-After": "1"}
    two_places.gate.opened.set()
    assert [await running, await waiting] == ["hashed", "hashed"]
    assert two_places.gate.entered == 2


async def test_a_place_is_kept_until_its_hash_begins(one_place: Hashing) -> None:
    with one_place.hasher.place():
        assert await one_place.has_room() is False

    assert await one_place.has_room() is True


async def test_a_hash_needs_no_second_place_and_returns_the_first_once(two_places: Hashing) -> None:
    two_places.gate.opened.set()
    with two_places.hasher.place(), two_places.hasher.place() as place:
        await two_places.hasher.verify("secret", None, place)
        await until(lambda: two_places.hasher._unfinished == 1)  # noqa: SLF001 - what is counted

    assert two_places.hasher._unfinished == 0  # noqa: SLF001 - as above


async def test_who_is_cut_short_before_the_hash_returns_the_place(one_place: Hashing) -> None:
    async def look_up() -> None:
        with one_place.hasher.place():
            await asyncio.Event().wait()

    gone = asyncio.create_task(look_up())
    await asyncio.sleep(0)
    assert await one_place.has_room() is False

    gone.cancel()
    await asyncio.wait([gone])

    assert await one_place.has_room() is True


async def test_a_finished_hash_makes_room_for_the_next(one_place: Hashing) -> None:
    one_place.gate.opened.set()

    for _ in range(3):
        assert await one_place.hasher.hash("secret") == "hashed"


async def test_as_many_hashes_run_at_once_as_there_are_threads() -> None:
    hashing = Hashing(threads=2, queue_size=1)

    await hashing.start_and_wait_until_it_runs()
    await hashing.start_and_wait_until_it_runs()
    third = hashing.start()
    await asyncio.sleep(0.02)

    assert (hashing.gate.entered, third.done()) == (2, False)
    hashing.close()
    await asyncio.wait([third])


async def test_who_goes_away_keeps_the_place_until_the_thread_is_done(one_place: Hashing) -> None:
    """Otherwise clients that hang up would pile up work without a limit."""
    gone = await one_place.start_and_wait_until_it_runs()
    gone.cancel()
    await asyncio.wait([gone])
    assert gone.cancelled()

    assert await one_place.has_room() is False

    one_place.gate.opened.set()
    assert await one_place.comes_to_have_room() is True


async def test_who_goes_away_from_the_queue_makes_room_and_costs_nothing(two_places: Hashing) -> None:
    running, gone = await two_places.start_and_wait_until_it_runs(), two_places.start()
    await asyncio.sleep(0)
    assert await two_places.has_room() is False

    gone.cancel()

    assert await two_places.comes_to_have_room() is True
    two_places.gate.opened.set()
    assert await running == "hashed"
    assert two_places.gate.entered == 1


async def test_work_that_fails_makes_room_too(one_place: Hashing) -> None:
    for _ in range(3):
        with pytest.raises(UnicodeEncodeError):
            await one_place.hasher.hash("\ud800")


async def test_requests_come_before_hashes(one_place: Hashing) -> None:
    await one_place.start_and_wait_until_it_runs()

    assert one_place.gate.niceness == max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))


async def test_closing_sends_away_who_waits(two_places: Hashing) -> None:
    running, waiting = await two_places.start_and_wait_until_it_runs(), two_places.start()
    await asyncio.sleep(0)

    two_places.hasher.close()
    await asyncio.wait([waiting])

    assert waiting.cancelled()
    two_places.gate.opened.set()
    assert await running == "hashed"


async def test_after_closing_nothing_is_hashed_and_no_place_is_lost(one_place: Hashing) -> None:
    one_place.hasher.close()

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await one_place.hasher.hash("secret")


async def test_who_has_waited_too_long_is_refused_and_makes_room() -> None:
    hashing = Hashing(threads=1, queue_size=1, queue_timeout=0.05)
    running, waiting = await hashing.start_and_wait_until_it_runs(), hashing.start()

    with pytest.raises(ServerOverloadedException):
        await waiting

    hashing.gate.opened.set()
    assert await running == "hashed"  # one that has begun is finished, however long it takes
    assert hashing.gate.entered == 1
    assert await hashing.comes_to_have_room() is True
    hashing.close()


async def test_who_would_wait_too_long_is_refused_at_once() -> None:
    """The queue is measured in seconds of work, which is what a client notices."""
    hashing = Hashing(threads=1, queue_size=100, queue_timeout=0.25)
    first = await hashing.start_and_wait_until_it_runs()
    await asyncio.sleep(0.15)
    hashing.gate.opened.set()
    await first  # a hash takes 0.15 s here: one may wait, and two may not
    hashing.gate.opened.clear()
    running = await hashing.start_and_wait_until_it_runs()
    waiting = hashing.start()
    await asyncio.sleep(0)

    changes = Changes()

    assert isinstance(hashing.hasher.overload_error(), ServerOverloadedException)
    assert changes.of("password_hashes_refused_total") == 0
    with pytest.raises(ServerOverloadedException):
        await hashing.hasher.verify("secret", None)

    assert changes.of("password_hashes_refused_total") == 1
    assert not waiting.done()
    hashing.gate.opened.set()
    assert [await running, await waiting] == ["hashed", "hashed"]
    assert hashing.hasher.overload_error() is None
    hashing.close()
