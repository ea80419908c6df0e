"""uvicorn's server with limits on slow and large requests and an orderly shutdown."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from loguru import logger

from auth_api.kit.clock import monotonic
from auth_api.kit.deadlines import interrupt
from auth_api.operations.health.service import HealthService
from auth_api.server.http_protocol import HttpProtocol
from auth_api.server.listening_socket import BACKLOG
from auth_api.server.policy import ServerPolicy
from auth_api.server.server_state import LimitedServerState

ROLLBACK_SECONDS: Final = 2.0
"""Time that aborted requests have to roll back their transactions."""


class Server(uvicorn.Server):
    """A server that stops in steps after SIGTERM or SIGINT, with exit status 0.

    1. `/health/ready` returns 503 and responses close their connections; new connections are still accepted.
    2. After SHUTDOWN_DELAY no connections are accepted, and running requests finish.
    3. Requests that take longer than SHUTDOWN_TIMEOUT are aborted and rolled back.

    A second signal skips to step 3.
    """

    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)

    def __init__(
        self, config: uvicorn.Config, policy: ServerPolicy, announce: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self.server_state: LimitedServerState = LimitedServerState(policy)
        self._policy = policy
        self._announce = announce
        self._closes_at = 0.0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on signals. uvicorn's method raises the signal again at the end, which changes the exit status."""
        previous = {number: signal.signal(number, self.handle_exit) for number in self.stop_signals}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop. On a second signal, do not wait for running requests."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application and accept connections."""
        self.server_state.is_trusted_proxy = self.config.loaded_app.state.is_trusted_proxy
        await super().startup(sockets=sockets)
        if not self.started:
            return
        logger.bind(event="server:started", pid=os.getpid()).info("accepting connections")
        if self._announce is not None:
            self._announce()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop accepting connections: SHUTDOWN_DELAY after the signal. Called ten times a second."""
        if not await super().on_tick(counter):
            return False
        if not self.server_state.is_draining:
            self._drain()
        return self.force_exit or monotonic() >= self._closes_at

    def _drain(self) -> None:
        self._closes_at = monotonic() + self._policy.shutdown_delay
        self.server_state.is_draining = True
        self.config.loaded_app.state.services.of(HealthService).draining = True
        logger.bind(event="server:draining", pid=os.getpid()).info("stopping: /health/ready returns 503")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the application, also after a second signal: with an open database the process would not exit."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()
        logger.bind(event="server:stopped", pid=os.getpid()).info("all requests have ended")

    async def _wait_tasks_to_complete(self) -> None:
        """Wait at most SHUTDOWN_TIMEOUT for running requests, then abort them and wait until they have rolled back."""
        end = monotonic() + self._policy.shutdown_timeout
        state = self.server_state
        # `force_exit` is set by a signal handler, which sets no asyncio.Event.
        while (state.connections or state.tasks) and not self.force_exit and monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        if state.tasks:
            aborted = logger.bind(event="requests:aborted", requests=len(state.tasks))
            aborted.warning("requests are aborted because the process stops")
            for task in state.tasks:
                interrupt(task)
            await asyncio.wait(state.tasks, timeout=ROLLBACK_SECONDS)


def configuration(policy: ServerPolicy) -> uvicorn.Config:
    """Return uvicorn's configuration, without the limits that `HttpProtocol` or the application replaces."""
    return uvicorn.Config(
        "auth_api.asgi:app",
        factory=True,
        http=HttpProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # every client can send them
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        timeout_keep_alive=policy.keep_alive_timeout,  # type: ignore[arg-type]  # a float works: it is added to a time
    )
