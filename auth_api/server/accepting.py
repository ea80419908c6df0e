"""Shares out new connections among workers that listen on one socket.

The event loop alone takes all that wait as soon as one of them wakes it: a proxy that opens its pool of connections at
once would have it served by a single worker for as long as the pool lives, while the others have nothing to do.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from loguru import logger

AWAY: Final = -1
"""Stands for the number of connections of a worker that takes none."""

SLACK: Final = 1
"""How many more than the worker with the fewest one may have without stepping back."""

PATIENCE: Final = 0.002
"""Seconds for which a connection is left to a worker that has fewer: it may be in the middle of something long."""

MOST_OVERTIME: Final = 64
"""Connections taken at once when nobody else has come for them: one at first, and each time twice as many."""

PAUSE: Final = 1.0
"""Seconds without new connections when the system has no room for one."""

_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Numbers(Protocol):
    """Memory that all workers share."""

    def __getitem__(self, place: int, /) -> int: ...

    def __setitem__(self, place: int, number: int, /) -> None: ...

    def __iter__(self) -> Iterator[int]: ...


class Place:
    """One worker's among all: it says how many connections it has, and sees how many the others have."""

    def __init__(self, numbers: Numbers, place: int) -> None:
        self._numbers = numbers
        self._place = place

    def has(self, connections: int) -> None:
        """Say so."""
        self._numbers[self._place] = connections

    def leave(self) -> None:
        """Say that none are taken here."""
        self._numbers[self._place] = AWAY

    def others(self) -> list[int]:
        """Return how many the others have that take any."""
        return [number for place, number in enumerate(self._numbers) if place != self._place and number != AWAY]


class Door:
    """Takes connections from a listening socket, in the place of asyncio's server.

    Args:
        listening: the socket that the workers share.
        make_protocol: makes what serves a connection.
        count: tells how many connections this worker has.
        place: this worker's among all.
    """

    def __init__(
        self,
        listening: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        *,
        count: Callable[[], int],
        place: Place,
    ) -> None:
        self._listening = listening
        self._make_protocol = make_protocol
        self._count = count
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._number = 0
        self._others: list[int] = []
        self._overtime = 1
        self._arrivals: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Take connections from now on."""
        self._listening.setblocking(False)  # noqa: FBT003 - the standard library's way
        self.tell()
        self._loop.add_reader(self._listening, self._on_arrival)

    def tell(self) -> None:
        """Let the other workers know how many connections this one has."""
        self._number = self._count() + len(self._arrivals)
        self._place.has(self._number)

    def close(self) -> None:
        """Take no more."""
        self._place.leave()
        self._loop.remove_reader(self._listening)
        if self._later is not None:
            self._later.cancel()

    async def wait_closed(self) -> None:
        """Wait for connections that were just taken to have their protocol."""
        if self._arrivals:
            await asyncio.wait(self._arrivals)

    def _on_arrival(self) -> None:
        self.tell()
        others = self._place.others()
        if others and self._number > min(others) + SLACK:
            # Who has fewer and has come for none since last time is in the middle of something.
            self._overtime = min(2 * self._overtime, MOST_OVERTIME) if others == self._others else 1
            self._others = others
            self._step_back(PATIENCE, self._work_overtime)
        else:
            self._take_one()

    def _step_back(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listening)
        self._later = self._loop.call_later(seconds, then)

    def _work_overtime(self) -> None:
        self._come_back()
        for _ in range(self._overtime):
            if not self._take_one():
                break

    def _come_back(self) -> None:
        self._later = None
        self._loop.add_reader(self._listening, self._on_arrival)

    def _take_one(self) -> bool:
        """Take a connection, if there still is one."""
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            logger.bind(error=error.strerror).error("no room for another connection")
            self._step_back(PAUSE, self._come_back)
            return False
        arrival = self._loop.create_task(self._serve(connection))
        self._arrivals.add(arrival)
        arrival.add_done_callback(self._arrivals.discard)
        self.tell()
        return True

    async def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)  # noqa: FBT003 - as above
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._make_protocol, connection)
        except OSError:  # the client has gone
            connection.close()
