"""Several processes behind one socket: started, watched, replaced, and ended together."""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from types import FrameType
from typing import Any, Final, cast

from loguru import logger

from auth_api.kit.clock import monotonic
from auth_api.server.connection_balancer import NOT_ACCEPTING, BalancedListener
from auth_api.server.http_protocol import Connection
from auth_api.server.server import ROLLBACK_SECONDS, Server, configuration
from auth_api.settings.server import ServerPolicy

LOOK_SECONDS: Final = 0.5

SILENT_LOOKS: Final = 60
"""How often in a row a worker may be found with an event loop that has not turned since the look before."""

START_LOOKS: Final = 4 * SILENT_LOOKS
"""And how often before it has turned at all."""

LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts to start a worker that cannot start."""

FAILED_STARTS: Final = 5
"""Attempts in a row after which the parent gives up, if no worker is left."""

PATIENCE: Final = 5.0
"""Seconds that a worker may take beyond what its time limits add up to."""

# Each worker is a fork of one process that has imported everything and done nothing else: it is there in a moment, also
# in the place of one that died, and what the imports made is memory that all of them share.
spawn = multiprocessing.get_context("forkserver")
spawn.set_forkserver_preload(["auth_api.asgi", "auth_api.server.workers"])


class WorkerServer(Server):
    """Ends when its parent says so, or is no more. Ctrl-C reaches all of them, and is left to the parent.

    Args:
        beats: counts the turns of the event loop, for the parent to see.
        counts: memory that all workers share: the connection count of each worker.
        index: this worker's index in `counts`.
    """

    stop_signals = (signal.SIGTERM,)

    def __init__(self, policy: ServerPolicy, beats: Any, counts: Any, index: int) -> None:
        super().__init__(configuration(policy), policy)
        self._beats = beats
        self._counts = counts
        self._index = index
        self._parent = multiprocessing.parent_process()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and share new connections with the other workers."""
        (listening,) = sockets or []
        await super().startup(sockets=[])
        make_protocol = partial(
            Connection, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        self.listener = BalancedListener(
            listening,
            make_protocol,
            count_connections=lambda: len(self.server_state.connections),
            counts=self._counts,
            worker=self._index,
        )
        self.servers.append(cast("asyncio.Server", self.listener))
        self.listener.open()

    async def on_tick(self, counter: int) -> bool:
        """Show that the event loop turns; look whether the parent is there."""
        self._beats.value += 1
        self.listener.publish_count()
        if self._parent is not None and not self._parent.is_alive():
            self.should_exit = True
        return await super().on_tick(counter)


def work(policy: ServerPolicy, listening: socket.socket, beats: Any, counts: Any, index: int) -> None:
    """Be a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = WorkerServer(policy, beats, counts, index)
    try:
        server.run(sockets=[listening])
    finally:
        logger.remove()  # writes what waits: a forked process ends without what `atexit` was told
    sys.exit(0 if server.started else 1)


class Worker:
    """The place of one worker, taken by one process after the other."""

    def __init__(self, policy: ServerPolicy, listening: socket.socket, counts: Any, index: int) -> None:
        self._policy = policy
        self._listening = listening
        self._counts = counts
        self._index = index
        self._may_start_at = 0.0
        self.failed_starts = 0
        self.is_empty = True

    @property
    def has_served(self) -> bool:
        """Whether the present process got as far as accepting connections."""
        return bool(self._beats.value)

    @property
    def may_start(self) -> bool:
        """Whether it is time for another attempt."""
        return monotonic() >= self._may_start_at

    def start(self) -> None:
        """Take the place with a new process."""
        self._beats = spawn.Value("Q", 0, lock=False)
        self._beats_seen = self._silent_looks = 0
        self.is_empty = False
        arguments = (self._policy, self._listening, self._beats, self._counts, self._index)
        self.process: ForkServerProcess = spawn.Process(target=work, args=arguments)
        self.process.start()

    def signal(self) -> None:
        """Ask the process to end."""
        if self.process.is_alive():
            self.process.terminate()

    def end_if_hung(self) -> None:
        """Kill a process whose event loop stands still, or that never comes up."""
        beats = self._beats.value
        self._silent_looks = self._silent_looks + 1 if beats == self._beats_seen else 0
        self._beats_seen = beats
        if beats:
            self.failed_starts = 0
        if self._silent_looks > (SILENT_LOOKS if beats else START_LOOKS):
            logger.bind(pid=self.process.pid).error("a worker hangs and is killed")
            self.process.kill()

    def clear(self) -> None:
        """Note the end of the process, and when there may be another: at once, unless it could not even start."""
        self.is_empty = True
        self._counts[self._index] = NOT_ACCEPTING
        self.process.join()
        logger.bind(pid=self.process.pid, exit_status=self.process.exitcode).warning("a worker ended")
        if not self.has_served:
            self.failed_starts += 1
            self._may_start_at = monotonic() + min(LONGEST_PAUSE, 2.0**self.failed_starts / 2)

    def end(self, seconds: float) -> None:
        """Wait so long for the end of the process, then make it."""
        self.process.join(max(0.0, seconds))
        if self.process.is_alive():
            logger.bind(pid=self.process.pid).error("a worker does not end and is killed")
            self.process.kill()
            self.process.join()


class Workers:
    """Keeps as many workers as the policy says until SIGTERM or SIGINT; a second signal is passed on, too.

    Args:
        policy: of the servers.
        listening: the socket they share.
        on_death: called with the process number of a worker that ended: the place to forget what it left behind.
    """

    def __init__(
        self, policy: ServerPolicy, listening: socket.socket, on_death: Callable[[int], None] = lambda _: None
    ) -> None:
        self._policy = policy
        self._listening = listening
        self._on_death = on_death
        self._workers: list[Worker] = []
        self._stopping = False
        self._has_served = False

    def run(self, announce: Callable[[], None] | None = None) -> int:
        """Serve until asked to stop. Return the exit status: 1 if no worker can be started."""
        previous = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            logger.bind(pid=os.getpid(), workers=self._policy.workers).info("starting workers")
            if announce is not None:
                announce()  # the socket listens already: who comes now is answered when the first worker is up
            indexes = range(self._policy.workers)
            counts = spawn.Array("i", [NOT_ACCEPTING for _ in indexes], lock=False)
            self._workers = [Worker(self._policy, self._listening, counts, index) for index in indexes]
            for worker in self._workers:
                self._start(worker)
            status = self._watch()
            self._end()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return status

    def _stop(self, _: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of a handler
        self._stopping = True
        for worker in self._workers:
            if not worker.is_empty:
                worker.signal()

    def _watch(self) -> int:
        while not self._stopping:
            wait([worker.process.sentinel for worker in self._workers if not worker.is_empty], LOOK_SECONDS)
            for worker in self._workers:
                self._look_after(worker)
            if self._is_hopeless():
                logger.error("no worker can be started")
                return 1
        return 0

    def _look_after(self, worker: Worker) -> None:
        if worker.process.is_alive():
            worker.end_if_hung()
            self._has_served = self._has_served or worker.has_served
        elif not self._stopping:
            if not worker.is_empty:
                worker.clear()
                self._on_death(worker.process.pid or 0)
            if worker.may_start and not self._is_hopeless():
                self._start(worker)

    def _start(self, worker: Worker) -> None:
        worker.start()
        if self._stopping:  # asked in between, when the new process could not be told
            worker.signal()

    def _is_hopeless(self) -> bool:
        """The first workers of all cannot start, or none is left and none could be replaced for some time."""
        failed = [worker.failed_starts for worker in self._workers if worker.is_empty]
        if not self._has_served:
            return any(failed)
        return len(failed) == len(self._workers) and min(failed) >= FAILED_STARTS

    def _end(self) -> None:
        if not self._stopping:
            self._stop(signal.SIGTERM, None)
        self._listening.close()  # the workers' own copies keep the door open as long as they want
        policy = self._policy
        end = monotonic() + policy.shutdown_delay + policy.shutdown_timeout + ROLLBACK_SECONDS + PATIENCE
        for worker in self._workers:
            if not worker.is_empty:
                worker.end(end - monotonic())
        logger.bind(pid=os.getpid()).info("all workers have ended")
