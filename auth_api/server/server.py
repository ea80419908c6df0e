"""The process: a bound socket, one server or several workers, an orderly end.

What plain uvicorn lacks and this adds: one sentence when the address cannot be had, a banner once the server answers,
limits on slow and large requests (`protocol.py`), an end that a load balancer sees coming, and exit status 0 after it.
"""

import asyncio
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from loguru import logger

from auth_api.kit.clock import monotonic
from auth_api.kit.deadlines import interrupt
from auth_api.server.connections import Connections
from auth_api.server.http_protocol import Connection
from auth_api.server.policy import ServerPolicy
from auth_api.settings import Settings

BACKLOG: Final = 2048

UNREAD_SECONDS: Final = 30
"""How long a client may leave an answer unread that does not fit into the kernel's buffers."""

ROLLBACK_SECONDS: Final = 2.0
"""How long requests that are cut short may take to roll back."""

FILES_BESIDE_CONNECTIONS: Final = 256
"""Open files that are no client's connection: the database's, pipes, modules that are being read."""


class AddressUnavailableError(Exception):
    """The address to listen on cannot be had; the text says what to do."""


class Server(uvicorn.Server):
    """uvicorn's server, which ends in steps after SIGTERM and SIGINT, with status 0.

    First `/health/ready` answers 503 and no connection is kept alive, while new ones are still accepted; then nothing
    is accepted any more and requests under way are finished; what takes too long is cut short and rolled back. A second
    signal leaves the waiting out.
    """

    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)

    def __init__(
        self, config: uvicorn.Config, policy: ServerPolicy, announce: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self.server_state: Connections = Connections(policy)
        self._policy = policy
        self._announce = announce
        self._closes_at = 0.0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT. The stock method raises the signal again once all is done."""
        previous = {number: signal.signal(number, self.handle_exit) for number in self.stop_signals}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop; asked a second time, do not wait for requests under way."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        if self.started and self._announce is not None:
            self._announce()

    async def on_tick(self, counter: int) -> bool:
        """Tell, ten times a second, whether to close the socket: some time after the signal."""
        if not await super().on_tick(counter):
            return False
        if not self.server_state.draining:
            self._drain()
        return self.force_exit or monotonic() >= self._closes_at

    def _drain(self) -> None:
        self._closes_at = monotonic() + self._policy.shutdown_delay
        self.server_state.draining = True
        self.config.loaded_app.state.services.health.draining = True
        logger.info("stopping: not ready for new requests")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the application also where a second signal cut the wait short: an open database hangs the exit."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()

    async def _wait_tasks_to_complete(self) -> None:
        """Wait for requests under way, so long; cut the others short and wait until they have rolled back."""
        end = monotonic() + self._policy.shutdown_timeout
        state = self.server_state
        # A signal handler sets no event of the loop's.
        while (state.connections or state.tasks) and not self.force_exit and monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        if state.tasks:
            logger.bind(requests=len(state.tasks)).warning("requests are cut short to end the process")
            for task in state.tasks:
                interrupt(task)
            await asyncio.wait(state.tasks, timeout=ROLLBACK_SECONDS)


def bind_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address; port 0 lets the system choose.

    Raises:
        AddressUnavailableError: it is in use, not ours, or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With its protocol named, asyncio sets TCP_NODELAY on what this socket accepts; inherited by a worker without
        # it, small answers wait for the client's delayed acknowledgement.
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # inherited, too; counts also while the peer's window is closed
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"Cannot listen on {host}:{port}: {reason}. Choose another address with HOST=… or PORT=…."
        raise AddressUnavailableError(message) from error
    listening.set_inheritable(True)
    return listening


def configuration(policy: ServerPolicy) -> uvicorn.Config:
    """Return what uvicorn is told. Times and limits that it has of its own are not used where ours are stricter."""
    return uvicorn.Config(
        "auth_api.asgi:app",
        factory=True,
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody can send them
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        timeout_keep_alive=policy.keep_alive_timeout,  # type: ignore[arg-type]  # it is only ever added to a time
    )


def allow_open_files(wanted: int) -> None:
    """Raise this process's limit of open files, which is often 1024, as far as the system lets it."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def banner(settings: Settings, listening: socket.socket) -> str:
    """Return what a developer wants to know first."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    lines = [
        f"auth_api is running at {address}   (Ctrl-C stops it)",
        f"  Swagger   {address}/schema/swagger",
        f"  ReDoc     {address}/schema/redoc",
        *([f"  Mailbox   {address}/dev/mailbox"] if settings.mail.folder is not None else []),
        f"  Database  {settings.database.kind}: {settings.database.place}",
        "",
        "Next, register a user:",
        f"  curl -s {address}/api/auth/register -H 'Content-Type: application/json' \\",
        """    -d '{"email": "ada@example.com", "username": "ada", "password": "Tr0ub4dor&3-horse"}'""",
    ]
    return "\n".join(lines)


def print_banner(settings: Settings, listening: socket.socket) -> None:
    """Print it above the log."""
    sys.stdout.write(banner(settings, listening) + "\n\n")
    sys.stdout.flush()
