"""Settings of the process and its connections."""

import os

import msgspec

from auth_api.settings.reader import Reader

DEFAULT_PORT = 8000


class ServerPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server listens, with how many processes, and how long it waits for what. Times are seconds.

    Attributes:
        header_timeout: from the first byte of a head, or the opening of a connection, to the end of the head.
        body_timeout: from the end of the head to the end of the body.
        request_timeout: from the end of the head to the answer.
        keep_alive_timeout: an open connection may be idle between two requests.
        max_connections: open connections per process.
        shutdown_delay: not ready any more, but still accepting.
        shutdown_timeout: then, for the requests under way.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1
    header_timeout: float = 10
    body_timeout: float = 10
    request_timeout: float = 10
    keep_alive_timeout: float = 5
    max_connections: int = 1000
    shutdown_delay: float = 0
    shutdown_timeout: float = 20


def processors() -> int:
    """Return how many processors this process may use: fewer than the machine has, where it is pinned to some."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_server(read: Reader, *, production: bool) -> ServerPolicy:
    """Return the policy; in production a load balancer gets time to see that the process leaves."""
    return ServerPolicy(
        host=read.text("HOST", "127.0.0.1"),
        port=read.integer("PORT", DEFAULT_PORT, at_least=1, at_most=65535),
        workers=read.integer("WORKERS", 1, at_least=1, at_most=512),
        header_timeout=read.number("REQUEST_HEADER_TIMEOUT", 10, at_least=0.1, at_most=300),
        body_timeout=read.number("REQUEST_BODY_TIMEOUT", 10, at_least=0.1, at_most=300),
        request_timeout=read.number("REQUEST_TIMEOUT", 10, at_least=0.1, at_most=300),
        keep_alive_timeout=read.number("KEEP_ALIVE_TIMEOUT", 5, at_least=0.1, at_most=3600),
        max_connections=read.integer("MAX_CONNECTIONS", 1000, at_least=1, at_most=100_000),
        shutdown_delay=read.number("SHUTDOWN_DELAY", 5 if production else 0, at_most=300),
        shutdown_timeout=read.number("SHUTDOWN_TIMEOUT", 20, at_least=0.1, at_most=300),
    )
