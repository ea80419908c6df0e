"""A worker process: a server that shares its socket with other workers and stops with its parent."""

import asyncio
import multiprocessing
import signal
import socket
import sys
from functools import partial
from typing import Any, NamedTuple, cast

from loguru import logger

from auth_api.server.connection_balancer import BalancedListener
from auth_api.server.http_protocol import HttpProtocol
from auth_api.server.policy import ServerPolicy
from auth_api.server.server import Server, configuration


class SharedMemory(NamedTuple):
    """Memory that a worker shares with its parent and the other workers.

    Attributes:
        beats: number of ticks of the worker's event loop.
        connections: connection count of each worker.
        worker: index of this worker in `connections`.
    """

    beats: Any
    connections: Any
    worker: int


class WorkerServer(Server):
    """A server that shares new connections with other workers, and stops on SIGTERM or when its parent is gone.

    SIGINT (Ctrl-C) reaches all processes of a terminal; only the parent handles it.
    """

    stop_signals = (signal.SIGTERM,)

    def __init__(self, policy: ServerPolicy, shared: SharedMemory) -> None:
        super().__init__(configuration(policy), policy)
        self._shared = shared
        self._parent = multiprocessing.parent_process()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and accept connections from the only socket in `sockets`."""
        (listening,) = sockets or []
        await super().startup(sockets=[])
        make_protocol = partial(
            HttpProtocol, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        self.listener = BalancedListener(
            listening,
            make_protocol,
            count_connections=lambda: len(self.server_state.connections),
            counts=self._shared.connections,
            worker=self._shared.worker,
        )
        self.servers.append(cast("asyncio.Server", self.listener))
        self.listener.open()

    async def on_tick(self, counter: int) -> bool:
        """Show the parent that the event loop runs, and stop if the parent is gone."""
        self._shared.beats.value += 1
        self.listener.publish_count()
        if self._parent is not None and not self._parent.is_alive():
            self.should_exit = True
        return await super().on_tick(counter)


def run_worker(policy: ServerPolicy, listening: socket.socket, shared: SharedMemory) -> None:
    """Run a worker until it stops, then exit with status 0, or with status 1 if it never accepted connections."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = WorkerServer(policy, shared)
    try:
        server.run(sockets=[listening])
    finally:
        logger.remove()  # writes the lines in the queue: a forked process does not run `atexit` handlers
    sys.exit(0 if server.started else 1)
