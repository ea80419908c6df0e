"""Connections of the library httpcore2 to addresses that were checked. Imported at the first call only."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpcore2

from auth_api.kit.outbound.addresses import is_allowed
from auth_api.kit.outbound.errors import OutboundRefusedError
from auth_api.kit.outbound.policy import OutboundPolicy

RESOLVE_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 2.0
"""Time limit for each address of a host."""

MAX_LOOKUPS: Final = 4
"""Look-ups under way. Each blocks a thread, even after its time limit."""

MAX_ADDRESSES: Final = 3
"""Addresses of a host that are tried."""

MAX_CONNECTIONS: Final = 200
"""Larger than the number of calls that run at the same time, so that no provider takes the connections of another."""

IDLE_SECONDS: Final = 5.0
"""Shorter than servers keep idle connections, so that a call is not sent into a connection that is being closed."""

FAILURES: Final = (
    TimeoutError,
    OSError,
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
)
"""What a call raises if the connection, TLS or HTTP fails."""

Resolver = Callable[[str, int], Awaitable[Sequence[tuple[str, int]]]]
"""Returns the addresses of a host and port, each with the port to connect to; raises an OSError."""


class SystemResolver:
    """Asks the system for the addresses of a host, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="host-look-up")

    async def __call__(self, host: str, port: int) -> list[tuple[str, int]]:
        """Return the addresses in the order in which they should be tried (RFC 6724)."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port)
        return [(str(address[0]), int(address[1])) for *_, address in found]


def _look_up(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label of more than 63 characters
        raise OSError from error


class _CheckedSockets(httpcore2.AsyncNetworkBackend):
    """Connects to hosts all of whose addresses are allowed.

    The name of the host stays that of the URL for TLS: in SNI and in the certificate.
    """

    def __init__(self, policy: OutboundPolicy, resolve: Resolver) -> None:
        self._policy = policy
        self._resolve = resolve
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *_args: Any, **_options: Any) -> httpcore2.AsyncNetworkStream:
        """Resolve the host once, check all its addresses, and connect to one of them."""
        async with asyncio.timeout(RESOLVE_SECONDS):
            addresses = await self._resolve(host, port)
        if not all(is_allowed(address, self._policy) for address, _ in addresses):
            message = "the host has an address that is not public"
            raise OutboundRefusedError(message)
        for address, number in addresses[:MAX_ADDRESSES]:
            try:
                return await self._sockets.connect_tcp(address, number, timeout=CONNECT_SECONDS)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        raise httpcore2.ConnectError


def open_pool(policy: OutboundPolicy, resolve: Resolver, tls: ssl.SSLContext) -> httpcore2.AsyncConnectionPool:
    """Return a pool of connections, which are opened when they are needed."""
    return httpcore2.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=MAX_CONNECTIONS,
        keepalive_expiry=IDLE_SECONDS,
        network_backend=_CheckedSockets(policy, resolve),
    )
