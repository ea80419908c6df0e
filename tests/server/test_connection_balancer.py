"""Workers that listen on one socket get about the same number of connections."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Final

import pytest

from auth_api.server import connection_balancer
from auth_api.server.connection_balancer import MAX_LEAD, NOT_ACCEPTING, BalancedListener
from tests.support.waiting import until

pytestmark = pytest.mark.slow

BURST: Final = 20


class OpenConnection(asyncio.Protocol):
    """A connection that stays open and is counted in a set."""

    def __init__(self, connections: set["OpenConnection"]) -> None:
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._connections.add(self)


class Workers:
    """A listening socket, and one balanced listener per worker."""

    def __init__(self, number: int) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.counts = [NOT_ACCEPTING] * number
        self.sockets: list[socket.socket] = []
        self.connections: list[set[OpenConnection]] = [set() for _ in range(number)]
        self.listeners = [self._listener(index) for index in range(number)]
        self.clients: list[socket.socket] = []

    def _listener(self, index: int) -> BalancedListener:
        connections = self.connections[index]
        self.sockets.append(self.listening.dup())  # workers have an event loop each; one loop watches a socket once
        return BalancedListener(
            self.sockets[-1],
            lambda: OpenConnection(connections),
            count_connections=lambda: len(connections),
            counts=self.counts,
            worker=index,
        )

    def connect(self, times: int) -> None:
        self.clients += [socket.create_connection(self.listening.getsockname()) for _ in range(times)]

    async def accepted(self) -> list[int]:
        """Wait until all connections are accepted, and return their number by worker."""
        await until(lambda: sum(map(len, self.connections)) >= len(self.clients))
        return [len(connections) for connections in self.connections]

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        for connection in set().union(*self.connections):
            connection.transport.close()
        for each in [*self.clients, *self.sockets, self.listening]:
            each.close()


@pytest.fixture
async def start() -> AsyncIterator[Callable[[int], Workers]]:
    started: list[Workers] = []

    def make(number: int) -> Workers:
        started.append(Workers(number))
        return started[-1]

    yield make
    for workers in started:
        workers.close()
    await asyncio.sleep(0)  # transports close in the next iteration of the loop


async def test_listeners_share_a_burst_of_connections(
    start: Callable[[int], Workers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_balancer, "WAIT_SECONDS", 0.1)  # a busy machine must not use up the wait
    workers = start(2)
    workers.connect(BURST)
    for listener in workers.listeners:
        listener.open()

    accepted = await workers.accepted()

    assert sum(accepted) == BURST
    assert max(accepted) - min(accepted) <= MAX_LEAD + 1


async def test_listener_leaves_connections_to_a_less_loaded_worker(
    start: Callable[[int], Workers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_balancer, "WAIT_SECONDS", 1000.0)  # a busy machine must not use up the wait
    workers = start(2)
    workers.listeners[0].open()
    workers.connect(6)
    await workers.accepted()

    workers.listeners[1].open()
    workers.connect(4)

    assert await workers.accepted() == [6, 4]


async def test_listener_accepts_what_a_busy_worker_leaves(start: Callable[[int], Workers]) -> None:
    """The other worker has no connections and does not accept any: it is busy or hangs."""
    workers = start(2)
    workers.counts[1] = 0
    workers.listeners[0].open()
    workers.connect(BURST)

    assert await workers.accepted() == [BURST, 0]


async def test_listener_does_not_wait_for_a_worker_that_accepts_nothing(
    start: Callable[[int], Workers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_balancer, "WAIT_SECONDS", 1000.0)
    workers = start(2)
    workers.listeners[0].open()
    workers.connect(BURST)

    assert await workers.accepted() == [BURST, 0]


async def test_closed_listener_accepts_nothing_and_publishes_that(start: Callable[[int], Workers]) -> None:
    workers = start(2)
    for listener in workers.listeners:
        listener.open()
    workers.connect(2)
    before = await workers.accepted()

    workers.listeners[0].close()
    workers.connect(4)
    after = await workers.accepted()

    assert after[0] == before[0]
    assert workers.counts[0] == NOT_ACCEPTING


async def test_listener_retries_when_the_system_had_no_file_descriptor(
    start: Callable[[int], Workers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_balancer, "PAUSE_SECONDS", 0.001)
    workers = start(1)
    workers.sockets[0] = OutOfDescriptors(workers.sockets[0])
    workers.listeners[0]._listening = workers.sockets[0]  # noqa: SLF001 - the system's side
    workers.listeners[0].open()

    workers.connect(1)

    assert await workers.accepted() == [1]


class OutOfDescriptors(socket.socket):
    """A listening socket whose first `accept` fails because no file descriptor is left."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(fileno=listening.detach())
        self._errors: Iterator[int] = iter([errno.EMFILE])

    def accept(self) -> tuple[socket.socket, object]:
        with suppress(StopIteration):
            raise OSError(next(self._errors), "Too many open files")
        return super().accept()
