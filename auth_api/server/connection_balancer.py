"""Distributes new connections evenly among the workers that listen on one socket.

An event loop accepts all waiting connections as soon as one of them wakes it. A proxy that opens its connection pool at
once would then be served by a single worker for as long as those connections live.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, MutableSequence
from typing import Final

from loguru import logger

NOT_ACCEPTING: Final = 2**31 - 1
"""Connection count that is published for a worker that accepts no connections."""

MAX_LEAD: Final = 1
"""Number of connections by which a worker may exceed the least loaded worker without waiting for it."""

WAIT_SECONDS: Final = 0.002
"""Time that a less loaded worker has to accept a connection. A worker that takes longer is busy or hangs; meanwhile,
each other worker accepts at most 500 connections per second."""

PAUSE_SECONDS: Final = 1.0
"""Pause after a connection could not be accepted because the system had no file descriptor or memory for it."""

_OUT_OF_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class BalancedListener:
    """Accepts connections from a listening socket, and leaves them to less loaded workers if there are any.

    Args:
        listening: the socket that all workers share.
        make_protocol: creates the protocol of a connection.
        count_connections: returns the number of this worker's open connections.
        counts: memory that all workers share: the connection count of each worker.
        worker: this worker's index in `counts`.
    """

    def __init__(
        self,
        listening: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        *,
        count_connections: Callable[[], int],
        counts: MutableSequence[int],
        worker: int,
    ) -> None:
        self._listening = listening
        self._make_protocol = make_protocol
        self._count_connections = count_connections
        self._counts = counts
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._accepted: set[asyncio.Task[None]] = set()
        """Connections whose protocol does not exist yet."""

    def open(self) -> None:
        """Start to accept connections."""
        self._listening.setblocking(False)  # noqa: FBT003 - the signature of the standard library
        self.publish_count()
        self._resume()

    def close(self) -> None:
        """Stop accepting connections."""
        self._counts[self._worker] = NOT_ACCEPTING
        self._loop.remove_reader(self._listening)
        if self._timer is not None:
            self._timer.cancel()

    def publish_count(self) -> None:
        """Publish the number of this worker's connections to the other workers."""
        self._counts[self._worker] = self._count_connections() + len(self._accepted)

    def _on_readable(self) -> None:
        self.publish_count()
        if self._counts[self._worker] > min(self._counts) + MAX_LEAD:
            self._pause(WAIT_SECONDS, self._accept_after_wait)
        else:
            self._accept()

    def _accept_after_wait(self) -> None:
        self._resume()
        self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _OUT_OF_RESOURCES:
                raise
            logger.bind(event="listener:paused", error_type=type(error).__name__, reason=error.strerror).error(
                "no file descriptor or memory for another connection"
            )
            self._pause(PAUSE_SECONDS, self._resume)
            return
        task = self._loop.create_task(self._serve(connection))
        self._accepted.add(task)
        task.add_done_callback(self._accepted.discard)
        self.publish_count()

    async def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)  # noqa: FBT003 - as above
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._make_protocol, connection)
        except OSError:  # the client has closed the connection
            connection.close()

    def _pause(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listening)
        self._timer = self._loop.call_later(seconds, then)

    def _resume(self) -> None:
        self._timer = None
        self._loop.add_reader(self._listening, self._on_readable)
