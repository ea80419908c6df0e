"""What `auth-api serve` adds around the server for metrics: a folder that workers share, and a port of their own."""

import contextlib
import fcntl
import os
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from auth_api.kit.clock import utc_now
from auth_api.kit.errors import ApplicationException, NotFoundException
from auth_api.kit.http.errors import from_status
from auth_api.kit.http.problems import problem_events, problem_of
from auth_api.kit.prometheus import CONTENT_TYPE, FOLDER_VARIABLE
from auth_api.operations.health.exposition import Exposition

PATH: Final = "/metrics"
PREFIX: Final = "auth-api-metrics-"

SCRAPES_AT_ONCE: Final = 4
"""Further connections are closed at once: who holds them open keeps nothing but other scrapes away."""

SECONDS: Final = 5
"""How long one read or write of a scrape may take."""

MEMORY: Final = "/dev/shm"  # noqa: S108 - the folder made in it is private
"""Linux's file system in memory. On a disk that is full, a worker would die of writing to its file (SIGBUS)."""


class MetricsUnavailableError(Exception):
    """Metrics cannot be had as they were asked for; the text says what to do."""


@contextmanager
def shared_folder() -> Iterator[None]:
    """Make workers that start in this context write what they count into a new folder, removed at the end.

    Raises:
        MetricsUnavailableError: no place for it can be written to.
    """
    try:
        parent = MEMORY if os.access(MEMORY, os.W_OK) else tempfile.gettempdir()
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=parent)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        message = f"There is no folder for metrics: {error}. Make /dev/shm writable, or name a folder in TMPDIR."
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
    """Remove what servers left that were killed: whose lock nobody holds. An empty one is just being made."""
    for folder in {file.parent for file in parent.glob(f"{PREFIX}*/*.db")}:
        with contextlib.suppress(OSError):  # it is another user's, or its server lives
            lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


@contextmanager
def own_port(host: str, port: int, exposition: Exposition) -> Iterator[None]:
    """Answer `/metrics` on this port, in a thread: also while every worker is busy, starting or dead.

    Raises:
        MetricsUnavailableError: the address cannot be had.
    """
    try:
        listener = _Listener(host, port, exposition)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"Cannot listen on {host}:{port} for metrics: {reason}. Choose another port with METRICS_PORT=…."
        raise MetricsUnavailableError(message) from error
    with listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.1,), name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown()
            thread.join()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, exposition: Exposition) -> None:
        self.address_family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.exposition = exposition
        self._places = threading.BoundedSemaphore(SCRAPES_AT_ONCE)
        super().__init__((str(address[0]), port), _Scrape)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a scraper that goes away early harms nobody."""


class _Scrape(BaseHTTPRequestHandler):
    server: _Listener
    timeout = SECONDS

    def do_GET(self) -> None:
        try:
            if self.path.partition("?")[0] != PATH:
                raise NotFoundException
            self.server.exposition.admit(self.headers.get("authorization", ""))
        except ApplicationException as error:
            self._refuse(error)
        else:
            self._answer(
                HTTPStatus.OK, {"content-type": f"{CONTENT_TYPE}; charset=utf-8"}, self.server.exposition.read()
            )

    do_HEAD = do_GET  # noqa: N815 - the name that the standard library looks for

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        self._refuse(from_status(HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else code))

    def log_message(self, *_: Any) -> None:
        """Write no line: scrapes on the API's port have theirs because every request has."""

    def _refuse(self, error: ApplicationException) -> None:
        start, body = problem_events(problem_of(error, at=utc_now(), request_id=""), error.headers)
        headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        self._answer(error.status, headers, body["body"])

    def _answer(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "cache-control": "no-store", "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
