"""Metrics of `auth-api serve`: a folder that all workers write to, and a port that serves only metrics."""

import contextlib
import fcntl
import ipaddress
import os
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler

from loguru import logger
from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from auth_api.kit.errors import ApplicationException
from auth_api.kit.prometheus import FOLDER_VARIABLE, scraped_registry
from auth_api.operations.health.exposition import Exposition
from auth_api.operations.health.policy import MetricsPolicy

FOLDER_PREFIX: Final = "auth-api-metrics-"

MAX_CONCURRENT_SCRAPES: Final = 4
"""Further connections are closed at once, so that clients that hold connections open do not use up threads."""

SOCKET_TIMEOUT_SECONDS: Final = 5
"""Time limit of a single read or write of a scrape."""

SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - the folder that is created in it is private
"""Linux's file system in memory. On a full disk, a worker would be killed when it writes to its file (SIGBUS)."""

_COMMON_HEADERS: Final = (("Cache-Control", "no-store"), ("Server", "auth_api"))
"""Without the second one, the library sends the versions of Python and of its server."""

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MetricsUnavailableError(Exception):
    """Metrics cannot be provided as configured; the text names the setting to change."""


@contextmanager
def metrics_folder() -> Iterator[None]:
    """Create a folder that workers started in this context write their metrics to, and remove it at the end.

    Raises:
        MetricsUnavailableError: no folder can be created.
    """
    try:
        parent = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else tempfile.gettempdir()
        folder = tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=parent)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        message = f"Cannot create a folder for metrics: {error}. Make /dev/shm writable, or name a folder in TMPDIR."
        raise MetricsUnavailableError(message) from error
    fcntl.flock(lock, fcntl.LOCK_EX)
    _remove_abandoned(Path(parent))
    os.environ[FOLDER_VARIABLE] = folder
    try:
        yield
    finally:
        del os.environ[FOLDER_VARIABLE]
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_abandoned(parent: Path) -> None:
    """Remove folders of killed servers, whose lock is free. An empty folder is still being created."""
    for folder in {file.parent for file in parent.glob(f"{FOLDER_PREFIX}*/*.db")}:
        with contextlib.suppress(OSError):  # another user's folder, or its server is running
            lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


@contextmanager
def metrics_port(host: str, port: int, exposition: Exposition) -> Iterator[None]:
    """Serve the metrics on a port of their own, in a thread: it works while all workers are busy, starting or dead.

    Raises:
        MetricsUnavailableError: the port cannot be bound.
    """
    try:
        server = _MetricsServer(host, port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"Cannot listen on {host}:{port} for metrics: {reason}. Choose another port with METRICS_PORT=…."
        raise MetricsUnavailableError(message) from error
    server.set_app(_protected(exposition))
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def exposure_warning(host: str, policy: MetricsPolicy) -> str | None:
    """Return a warning if other machines can read METRICS_PORT without a token, else None."""
    if policy.port is None or policy.token is not None or _is_loopback(host):
        return None
    return (
        f"METRICS_PORT {policy.port} on {host} is open to all who can reach it. Set METRICS_TOKEN, unless a firewall "
        "or the container's network protects the port."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _protected(exposition: Exposition) -> WsgiApp:
    """Return the library's application, only at `/metrics`; it requires METRICS_TOKEN if it is set."""
    metrics = make_wsgi_app(scraped_registry())

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: Iterable[tuple[str, str]]) -> None:
            start_response(status, [*headers, *_COMMON_HEADERS])

        if environ.get("PATH_INFO") != "/metrics":
            start("404 Not Found", [])
            return [b""]
        try:
            exposition.authorize(environ.get("HTTP_AUTHORIZATION", ""))
        except ApplicationException as error:
            start(f"{error.status.value} {error.status.phrase}", error.headers.items())
            return [b""]
        try:
            return metrics(environ, start)  # type: ignore[no-any-return]  # the library has no types here
        except Exception as error:  # noqa: BLE001 - the library would write a traceback to standard error
            failed = logger.bind(event="scrape:failed", error_type=type(error).__name__)
            failed.opt(exception=error).error("the metrics cannot be read")
            start("500 Internal Server Error", [])
            return [b""]

    return app


class _MetricsServer(ThreadingWSGIServer):
    """The library's server, with a bounded number of threads."""

    def __init__(self, host: str, port: int) -> None:
        self.address_family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self._free_threads = threading.BoundedSemaphore(MAX_CONCURRENT_SCRAPES)
        super().__init__((str(address[0]), port), _ScrapeHandler)

    def server_bind(self) -> None:
        """Bind the address. The library also looks up the host's name, which waits for a name server if it is down."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free_threads.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free_threads.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write nothing: a scraper that disconnects early is not an error."""


class _ScrapeHandler(WSGIRequestHandler):
    timeout = SOCKET_TIMEOUT_SECONDS
    server_version, sys_version = "auth_api", ""  # in the responses to requests that cannot be parsed

    def log_message(self, *_: Any) -> None:
        """Write no access line to standard error, where the library would."""
