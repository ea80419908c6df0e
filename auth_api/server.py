"""The process: a bound socket, one server or several workers, an orderly end.

What plain uvicorn lacks and this adds: one sentence when the address cannot be had, a banner once the server answers,
and exit status 0 when it was asked to stop.
"""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from auth_api.kit.metrics import forget_process
from auth_api.settings import Settings

BACKLOG: Final = 2048
GRACEFUL_SECONDS: Final = 20
"""How long requests that are under way may take once the server was asked to stop."""


class AddressUnavailableError(Exception):
    """The address to listen on cannot be had; the text says what to do."""


class Server(uvicorn.Server):
    """uvicorn's server, which here ends with status 0 after SIGTERM and SIGINT."""

    announce: Callable[[], None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT. The stock method raises the signal again once all is done."""
        handled = (signal.SIGTERM, signal.SIGINT)
        previous = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the application also where a second signal cut the wait short: an open database hangs the exit."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop; asked a second time, do not wait for requests under way."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        if self.started and self.announce is not None:
            self.announce()


class Workers(Multiprocess):
    """uvicorn's supervisor, which here also clears up after a worker that was replaced."""

    def keep_subprocess_alive(self) -> None:
        """Replace what has died or hangs, and drop its gauges."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            if pid is not None:
                forget_process(pid)


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
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"Cannot listen on {host}:{port}: {reason}. Choose another address with HOST=… or PORT=…."
        raise AddressUnavailableError(message) from error
    listening.set_inheritable(True)
    return listening


def run(settings: Settings, listening: socket.socket, announce: Callable[[], None] | None) -> int:
    """Serve until asked to stop, and return the exit status.

    Args:
        settings: how many workers; each reads the environment for itself.
        listening: what `bind_socket` returned.
        announce: called once the server answers.
    """
    config = uvicorn.Config(
        "auth_api.asgi:app",
        factory=True,
        workers=settings.server.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody can send them
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    server = Server(config)
    if settings.server.workers == 1:
        server.announce = announce
        server.run(sockets=[listening])
        return 0 if server.started else 1
    config.load_app()  # what cannot start here would be started again and again there
    if announce is not None:
        announce()  # the socket listens already: who comes now is answered when the first worker is up
    Workers(config, sockets=[listening]).run()
    return 0


def banner(settings: Settings, listening: socket.socket) -> str:
    """Return what a developer wants to know first."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    lines = [
        f"auth_api is running at {address}   (Ctrl-C stops it)",
        f"  Swagger   {address}/schema/swagger",
        f"  ReDoc     {address}/schema/redoc",
        f"  Database  {settings.database.kind}: {settings.database.place}",
        "",
        "Next, register somebody:",
        f"  curl -s {address}/api/auth/register -H 'Content-Type: application/json' \\",
        """    -d '{"email": "ada@example.com", "username": "ada", "password": "Tr0ub4dor&3-horse"}'""",
    ]
    return "\n".join(lines)


def print_banner(settings: Settings, listening: socket.socket) -> None:
    """Print it above the log."""
    sys.stdout.write(banner(settings, listening) + "\n\n")
    sys.stdout.flush()
