"""Connections that come at the same time are shared out among the workers that listen on one socket."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Final

import pytest

from auth_api.server import accepting
from auth_api.server.accepting import AWAY, Door, Place

pytestmark = pytest.mark.slow

BURST: Final = 20


class Guest(asyncio.Protocol):
    """A connection that was taken, and stays."""

    def __init__(self, room: set["Guest"]) -> None:
        self._room = room

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._room.add(self)


class Shop:
    """A socket, and as many doors as it has workers."""

    def __init__(self, workers: int) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.numbers = [AWAY] * workers
        self.copies: list[socket.socket] = []
        self.rooms: list[set[Guest]] = [set() for _ in range(workers)]
        self.doors = [self._door(place) for place in range(workers)]
        self.callers: list[socket.socket] = []

    def _door(self, place: int) -> Door:
        room = self.rooms[place]
        self.copies.append(self.listening.dup())  # a loop watches a socket once, and workers have a loop each
        return Door(self.copies[-1], lambda: Guest(room), count=lambda: len(room), place=Place(self.numbers, place))

    def call(self, times: int) -> None:
        self.callers += [socket.create_connection(self.listening.getsockname()) for _ in range(times)]

    async def all_taken(self) -> list[int]:
        async with asyncio.timeout(10):
            while sum(map(len, self.rooms)) < len(self.callers):  # noqa: ASYNC110 - the doors tell nobody
                await asyncio.sleep(0.001)
        return [len(room) for room in self.rooms]

    def close(self) -> None:
        for door in self.doors:
            door.close()
        for guest in set().union(*self.rooms):
            guest.transport.close()
        for each in [*self.callers, *self.copies, self.listening]:
            each.close()


@pytest.fixture
async def open_shop() -> AsyncIterator[Callable[[int], Shop]]:
    shops: list[Shop] = []

    def make(workers: int) -> Shop:
        shops.append(Shop(workers))
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()
    await asyncio.sleep(0)  # transports close in the loop's next turn


async def test_who_calls_at_once_is_shared_out(open_shop: Callable[[int], Shop]) -> None:
    shop = open_shop(2)
    shop.call(BURST)
    for door in shop.doors:
        door.open()

    taken = await shop.all_taken()

    assert sum(taken) == BURST
    assert max(taken) - min(taken) <= accepting.SLACK + 1


async def test_a_worker_that_has_many_leaves_the_next_ones_to_the_other(open_shop: Callable[[int], Shop]) -> None:
    shop = open_shop(2)
    shop.doors[0].open()
    shop.call(6)
    await shop.all_taken()

    shop.doors[1].open()
    shop.call(4)

    assert await shop.all_taken() == [6, 4]


async def test_what_nobody_comes_for_is_taken_by_who_has_more(open_shop: Callable[[int], Shop]) -> None:
    """The other worker has none, and is in the middle of something long, or hangs."""
    shop = open_shop(2)
    shop.numbers[1] = 0
    shop.doors[0].open()
    shop.call(BURST)

    assert await shop.all_taken() == [BURST, 0]


async def test_a_worker_that_takes_none_is_not_waited_for(
    open_shop: Callable[[int], Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "PATIENCE", 1000.0)
    shop = open_shop(2)
    shop.doors[0].open()
    shop.call(BURST)

    assert await shop.all_taken() == [BURST, 0]


async def test_a_closed_door_takes_nobody_and_says_so(open_shop: Callable[[int], Shop]) -> None:
    shop = open_shop(2)
    for door in shop.doors:
        door.open()
    shop.call(2)
    await shop.all_taken()

    shop.doors[0].close()
    await shop.doors[0].wait_closed()
    taken = len(shop.rooms[0])
    shop.call(4)
    await shop.all_taken()

    assert len(shop.rooms[0]) == taken
    assert shop.numbers[0] == AWAY


async def test_a_system_without_room_is_asked_again_after_a_while(
    open_shop: Callable[[int], Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "PAUSE", 0.001)
    shop = open_shop(1)
    shop.copies[0] = Crowded(shop.copies[0])
    shop.doors[0]._listening = shop.copies[0]  # noqa: SLF001 - the system's port
    shop.doors[0].open()

    shop.call(1)

    assert await shop.all_taken() == [1]


class Crowded(socket.socket):
    """A listening socket for whose next connection there is no file left, once."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(fileno=listening.detach())
        self._refusals: Iterator[int] = iter([errno.EMFILE])

    def accept(self) -> tuple[socket.socket, object]:
        with suppress(StopIteration):
            raise OSError(next(self._refusals), "Too many open files")
        return super().accept()
