"""Receive the browser that an authorization server sends back to a redirect URI of this machine (RFC 8252 §7.3)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import parse_qsl, urlsplit

REQUEST_SECONDS: Final = 10.0
"""Time limit for a request, so that a connection without one is closed."""

_HEADERS: Final = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
_FOUND: Final = f"HTTP/1.1 200 OK\r\n{_HEADERS}Close this window and return to the terminal.\n".encode()
_NOT_FOUND: Final = f"HTTP/1.1 404 Not Found\r\n{_HEADERS}This address is not expected here.\n".encode()

_BAD_REQUESTS: Final = (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError)
"""Connections that end or send nothing in time, and texts that are not HTTP."""

Arrival = asyncio.Future[Mapping[str, str]]
"""The parameters of the response, once the browser is there."""


@asynccontextmanager
async def callback_server(uri: str, state: str, *, any_port: bool) -> AsyncIterator[tuple[str, Arrival]]:
    """Listen at a redirect URI, and yield it with the future response.

    Args:
        uri: a registered http URI of a loopback host.
        state: requests with another `state` get 404, such as that of an earlier attempt.
        any_port: whether to take a free port instead of that of the URI.

    Raises:
        OSError: the port is in use.
    """
    parts = urlsplit(uri)
    arrival: Arrival = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*_BAD_REQUESTS):
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            target = urlsplit(head.split(b" ", 2)[1].decode("ascii", "replace"))
            parameters = dict(parse_qsl(target.query))
            is_expected = target.path == parts.path and parameters.get("state") == state
            writer.write(_FOUND if is_expected else _NOT_FOUND)
            await writer.drain()
            if is_expected and not arrival.done():
                arrival.set_result(parameters)
        writer.close()

    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    async with await asyncio.start_server(answer, host, 0 if any_port else parts.port or 80) as server:
        if any_port:
            address = f"{parts.netloc.removesuffix(f':{parts.port}')}:{server.sockets[0].getsockname()[1]}"
            uri = parts._replace(netloc=address).geturl()
        yield uri, arrival
