"""Reservation of the hasher's slots for the queries that come before a hash."""

import asyncio
from collections.abc import Iterator

import pytest

from auth_api.kit.errors import ServerOverloadedException
from tests.support.exposition import Changes
from tests.support.gated_hasher import GatedHasher
from tests.support.waiting import until

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def one_slot() -> Iterator[GatedHasher]:
    hashing = GatedHasher(threads=1, queue_size=0)
    yield hashing
    hashing.close()


async def test_reserved_slot_is_kept_from_other_tasks(one_slot: GatedHasher) -> None:
    with one_slot.hasher.reserved_slot(), pytest.raises(ServerOverloadedException):
        await one_slot.start()

    one_slot.gate.opened.set()
    assert await one_slot.start() == "hashed"


async def test_reserved_slot_is_used_by_the_next_hash_of_the_task(one_slot: GatedHasher) -> None:
    one_slot.gate.opened.set()
    with one_slot.hasher.reserved_slot():
        await one_slot.hasher.verify("secret", None)
        await until(lambda: one_slot.slots_in_use == 0)

    assert one_slot.slots_in_use == 0


async def test_second_hash_within_a_reservation_needs_a_slot_of_its_own(one_slot: GatedHasher) -> None:
    one_slot.gate.opened.set()
    with one_slot.hasher.reserved_slot():
        await one_slot.hasher.verify("secret", None)
        await until(lambda: one_slot.slots_in_use == 0)
        one_slot.gate.opened.clear()
        await one_slot.start_and_wait_until_it_runs()

        with pytest.raises(ServerOverloadedException):
            await one_slot.hasher.verify("secret", None)


async def test_nested_reservation_is_a_part_of_the_outer_one(one_slot: GatedHasher) -> None:
    with one_slot.hasher.reserved_slot():
        with one_slot.hasher.reserved_slot():
            assert one_slot.slots_in_use == 1
        assert one_slot.slots_in_use == 1

    assert one_slot.slots_in_use == 0


async def test_reservation_without_a_free_slot_is_refused_and_counted(one_slot: GatedHasher) -> None:
    changes = Changes()
    await one_slot.start_and_wait_until_it_runs()

    with pytest.raises(ServerOverloadedException), one_slot.hasher.reserved_slot():
        pytest.fail("the slot was reserved")

    assert changes.of("password_hashes_refused_total") == 1
    assert one_slot.slots_in_use == 1


async def test_reserved_slot_is_released_if_the_task_is_cancelled(one_slot: GatedHasher) -> None:
    async def look_up() -> None:
        with one_slot.hasher.reserved_slot():
            await asyncio.Event().wait()

    cancelled = asyncio.create_task(look_up())
    await until(one_slot.is_full)

    cancelled.cancel()
    await asyncio.wait([cancelled])

    assert not one_slot.is_full()
