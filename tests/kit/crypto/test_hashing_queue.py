"""Hashing never blocks the event loop, and never takes more memory or slots than the policy allows."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from auth_api.kit.crypto import passwords
from auth_api.kit.crypto.passwords import HASH_THREAD_NICENESS
from auth_api.kit.errors import ServerOverloadedException
from tests.support.clock import MovableMonotonicClock
from tests.support.exposition import Changes
from tests.support.gated_hasher import GatedHasher
from tests.support.waiting import until

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def one_slot() -> Iterator[GatedHasher]:
    hashing = GatedHasher(threads=1, queue_size=0)
    yield hashing
    hashing.close()


@pytest.fixture
def two_slots() -> Iterator[GatedHasher]:
    hashing = GatedHasher(threads=1, queue_size=1)
    yield hashing
    hashing.close()


async def test_hash_without_a_free_slot_is_refused_at_once(two_slots: GatedHasher) -> None:
    running, waiting = await two_slots.start_and_wait_until_it_runs(), two_slots.start()
    await until(two_slots.is_full)

    with pytest.raises(ServerOverloadedException) as refused:
        await two_slots.hasher.hash("secret")
    with pytest.raises(ServerOverloadedException):
        await two_slots.hasher.verify("secret", None)

    assert refused.value.headers == {"Retry-After": "1"}
    two_slots.gate.opened.set()
    assert [await running, await waiting] == ["hashed", "hashed"]
    assert two_slots.gate.begun == 2


async def test_overload_error_is_what_a_hash_raises(one_slot: GatedHasher) -> None:
    assert one_slot.hasher.overload_error() is None

    await one_slot.start_and_wait_until_it_runs()

    assert isinstance(one_slot.hasher.overload_error(), ServerOverloadedException)


async def test_slot_is_released_after_each_hash(one_slot: GatedHasher) -> None:
    one_slot.gate.opened.set()

    for _ in range(3):
        assert await one_slot.hasher.hash("secret") == "hashed"


async def test_hashes_run_at_the_same_time_up_to_the_number_of_threads() -> None:
    hashing = GatedHasher(threads=2, queue_size=1)

    await hashing.start_and_wait_until_it_runs()
    await hashing.start_and_wait_until_it_runs()
    third = hashing.start()
    await until(hashing.is_full)

    assert hashing.hasher._pool._work_queue.qsize() == 1  # noqa: SLF001 - nothing public counts them
    assert (hashing.gate.begun, third.done()) == (2, False)
    hashing.close()
    await asyncio.wait([third])


async def test_slot_of_a_disconnected_client_is_kept_until_its_thread_is_done(one_slot: GatedHasher) -> None:
    """Otherwise clients that disconnect would pile up work without a limit."""
    cancelled = await one_slot.start_and_wait_until_it_runs()
    cancelled.cancel()
    await asyncio.wait([cancelled])
    assert cancelled.cancelled()

    with pytest.raises(ServerOverloadedException):
        await one_slot.hasher.hash("secret")

    one_slot.gate.opened.set()
    await until(lambda: not one_slot.is_full())


async def test_waiting_hash_of_a_disconnected_client_is_not_computed(two_slots: GatedHasher) -> None:
    running, cancelled = await two_slots.start_and_wait_until_it_runs(), two_slots.start()
    await until(two_slots.is_full)

    cancelled.cancel()

    await until(lambda: not two_slots.is_full())
    two_slots.gate.opened.set()
    assert await running == "hashed"
    assert two_slots.gate.begun == 1


async def test_slot_is_released_if_the_hash_fails(one_slot: GatedHasher) -> None:
    for _ in range(3):
        with pytest.raises(UnicodeEncodeError):
            await one_slot.hasher.hash("\ud800")
        await until(lambda: not one_slot.is_full())


async def test_hash_threads_run_at_a_lower_priority(one_slot: GatedHasher) -> None:
    await one_slot.start_and_wait_until_it_runs()

    assert one_slot.gate.niceness == max(HASH_THREAD_NICENESS, os.getpriority(os.PRIO_PROCESS, 0))


async def test_closing_cancels_waiting_hashes(two_slots: GatedHasher) -> None:
    running, waiting = await two_slots.start_and_wait_until_it_runs(), two_slots.start()
    await until(two_slots.is_full)

    two_slots.hasher.close()
    await asyncio.wait([waiting])

    assert waiting.cancelled()
    two_slots.gate.opened.set()
    assert await running == "hashed"


async def test_closed_hasher_hashes_nothing_and_loses_no_slot(one_slot: GatedHasher) -> None:
    one_slot.hasher.close()

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await one_slot.hasher.hash("secret")


async def test_hash_that_waited_too_long_is_refused_and_releases_its_slot() -> None:
    hashing = GatedHasher(threads=1, queue_size=1)
    running = await hashing.start_and_wait_until_it_runs()
    hashing.limit_wait(0.01)
    waiting = hashing.start()

    with pytest.raises(ServerOverloadedException):
        await waiting

    hashing.gate.opened.set()
    assert await running == "hashed"  # a hash that has begun is finished, however long it takes
    assert hashing.gate.begun == 1
    await until(lambda: not hashing.is_full())
    hashing.close()


async def test_hash_that_would_wait_too_long_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is measured in seconds of work, which is what a client notices."""
    clock = MovableMonotonicClock()
    monkeypatch.setattr(passwords, "monotonic", clock)
    hashing = GatedHasher(threads=1, queue_size=100, queue_timeout=1000)
    first = await hashing.start_and_wait_until_it_runs()
    clock.now += 600
    hashing.gate.opened.set()
    await first  # a hash takes 600 s here: one may wait, but not two
    hashing.gate.opened.clear()
    running = await hashing.start_and_wait_until_it_runs()
    waiting = hashing.start()
    changes = Changes()
    await until(hashing.is_full)
    assert changes.of("password_hashes_refused_total") == 0

    with pytest.raises(ServerOverloadedException):
        await hashing.hasher.verify("secret", None)

    assert changes.of("password_hashes_refused_total") == 1
    assert not waiting.done()
    hashing.gate.opened.set()
    assert [await running, await waiting] == ["hashed", "hashed"]
    assert not hashing.is_full()
    hashing.close()
