"""The parent of several worker processes: starts, watches, replaces and stops them.

uvicorn's own supervisor does not fit: a thread responds to its health check, so it does not notice an event loop
that hangs; it has no pause between failed starts and no time limit when it stops.
"""

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from types import FrameType
from typing import Any, Final

from loguru import logger

from auth_api.kit.clock import monotonic
from auth_api.server.connection_balancer import NOT_ACCEPTING
from auth_api.server.policy import ServerPolicy
from auth_api.server.server import ROLLBACK_SECONDS
from auth_api.server.worker import SharedMemory, run_worker

CHECK_SECONDS: Final = 0.5
"""Interval between two checks of the workers."""

MAX_SILENT_CHECKS: Final = 60
"""Checks in a row in which the event loop of a worker may stand still before the worker is killed: 30 s."""

MAX_SILENT_CHECKS_AT_START: Final = 4 * MAX_SILENT_CHECKS
"""The same for a worker whose event loop has not started yet."""

MAX_START_PAUSE_SECONDS: Final = 30.0
"""Longest pause between two attempts to start a worker that fails to start."""

MAX_FAILED_STARTS: Final = 5
"""Failed attempts in a row after which the parent gives up, if no worker is left."""

STOP_MARGIN_SECONDS: Final = 5.0
"""Time that a worker may take to stop beyond the sum of its own time limits."""

# Each worker is a fork of one process that has imported the application and done nothing else: a new worker starts
# quickly, and all workers share the memory of the imports.
spawn = multiprocessing.get_context("forkserver")
spawn.set_forkserver_preload(["auth_api.asgi", "auth_api.server.worker"])


class WorkerSlot:
    """One of the workers, as the parent sees it: a process, and its replacement when it ends."""

    def __init__(self, policy: ServerPolicy, listening: socket.socket, connections: Any, index: int) -> None:
        self._policy = policy
        self._listening = listening
        self._connections = connections
        self._index = index
        self._may_start_at = 0.0
        self.failed_starts = 0
        self.is_empty = True

    @property
    def has_served(self) -> bool:
        """Whether the current process has started to accept connections."""
        return bool(self._beats.value)

    @property
    def can_start(self) -> bool:
        """Whether the pause after a failed start is over."""
        return monotonic() >= self._may_start_at

    def start(self) -> None:
        """Start a new process."""
        self._beats = spawn.Value("Q", 0, lock=False)
        self._beats_seen = self._silent_checks = 0
        self.is_empty = False
        shared = SharedMemory(self._beats, self._connections, self._index)
        arguments = (self._policy, self._listening, shared)
        self.process: ForkServerProcess = spawn.Process(target=run_worker, args=arguments)
        self.process.start()

    def terminate(self) -> None:
        """Ask the process to stop (SIGTERM)."""
        if self.process.is_alive():
            self.process.terminate()

    def kill_if_hung(self) -> None:
        """Kill a process whose event loop stands still or does not start."""
        beats = self._beats.value
        self._silent_checks = self._silent_checks + 1 if beats == self._beats_seen else 0
        self._beats_seen = beats
        if beats:
            self.failed_starts = 0
        if self._silent_checks > (MAX_SILENT_CHECKS if beats else MAX_SILENT_CHECKS_AT_START):
            logger.bind(event="worker:killed", reason="hung", pid=self.process.pid).error("a hung worker is killed")
            self.process.kill()

    def clear(self) -> None:
        """Record that the process has ended. A new one may start at once, or after a pause if this one never served."""
        self.is_empty = True
        self._connections[self._index] = NOT_ACCEPTING
        self.process.join()
        ended = logger.bind(event="worker:ended", pid=self.process.pid, exit_status=self.process.exitcode)
        ended.warning("a worker ended unexpectedly")
        if not self.has_served:
            self.failed_starts += 1
            self._may_start_at = monotonic() + min(MAX_START_PAUSE_SECONDS, 2.0**self.failed_starts / 2)

    def join(self, seconds: float) -> None:
        """Wait at most `seconds` for the process to end, then kill it."""
        self.process.join(max(0.0, seconds))
        if self.process.is_alive():
            logger.bind(event="worker:killed", reason="did not stop", pid=self.process.pid).error(
                "a worker that does not stop is killed"
            )
            self.process.kill()
            self.process.join()


class Supervisor:
    """Keeps the configured number of workers running until SIGTERM or SIGINT. Signals are passed on to the workers.

    Args:
        policy: settings of the workers.
        listening: the socket that all workers share.
        on_worker_end: called with the process id of a worker that ended unexpectedly.
    """

    def __init__(
        self, policy: ServerPolicy, listening: socket.socket, on_worker_end: Callable[[int], None] = lambda _: None
    ) -> None:
        self._policy = policy
        self._listening = listening
        self._on_worker_end = on_worker_end
        self._slots: list[WorkerSlot] = []
        self._is_stopping = False
        self._has_served = False

    def run(self, announce: Callable[[], None] | None = None) -> int:
        """Run the workers until a signal. Return the exit status: 1 if no worker can be started."""
        previous = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            logger.bind(event="supervisor:started", pid=os.getpid(), workers=self._policy.workers).info(
                "starting workers"
            )
            if announce is not None:
                announce()  # the socket already listens: a request that comes now waits for the first worker
            indexes = range(self._policy.workers)
            connections = spawn.Array("i", [NOT_ACCEPTING for _ in indexes], lock=False)
            self._slots = [WorkerSlot(self._policy, self._listening, connections, index) for index in indexes]
            for slot in self._slots:
                self._start(slot)
            status = self._watch()
            self._join()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return status

    def _stop(self, _: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of a signal handler
        self._is_stopping = True
        for slot in self._slots:
            if not slot.is_empty:
                slot.terminate()

    def _watch(self) -> int:
        while not self._is_stopping:
            wait([slot.process.sentinel for slot in self._slots if not slot.is_empty], CHECK_SECONDS)
            for slot in self._slots:
                self._check(slot)
            if self._is_hopeless():
                logger.bind(event="supervisor:gave_up").error("no worker can be started")
                return 1
        return 0

    def _check(self, slot: WorkerSlot) -> None:
        if slot.process.is_alive():
            slot.kill_if_hung()
            self._has_served = self._has_served or slot.has_served
        elif not self._is_stopping:
            if not slot.is_empty:
                slot.clear()
                self._on_worker_end(slot.process.pid or 0)
            if slot.can_start and not self._is_hopeless():
                self._start(slot)

    def _start(self, slot: WorkerSlot) -> None:
        slot.start()
        if self._is_stopping:  # the signal came before the new process was there
            slot.terminate()

    def _is_hopeless(self) -> bool:
        """Return whether the first workers cannot start, or no worker is left and several attempts have failed."""
        failed = [slot.failed_starts for slot in self._slots if slot.is_empty]
        if not self._has_served:
            return any(failed)
        return len(failed) == len(self._slots) and min(failed) >= MAX_FAILED_STARTS

    def _join(self) -> None:
        if not self._is_stopping:
            self._stop(signal.SIGTERM, None)
        self._listening.close()  # each worker has a copy of the socket and closes it after SHUTDOWN_DELAY
        policy = self._policy
        end = monotonic() + policy.shutdown_delay + policy.shutdown_timeout + ROLLBACK_SECONDS + STOP_MARGIN_SECONDS
        for slot in self._slots:
            if not slot.is_empty:
                slot.join(end - monotonic())
        logger.bind(event="supervisor:stopped", pid=os.getpid()).info("all workers have ended")
