"""A server in the test's own event loop, and connections to it on which a test sends and receives bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest

from auth_api.server import lingering_transport
from auth_api.server.http_protocol import HttpProtocol
from auth_api.server.policy import ServerPolicy
from auth_api.server.server import configuration
from auth_api.server.server_state import LimitedServerState
from tests.support.waiting import TIMEOUT_SECONDS

PATIENT = ServerPolicy(header_timeout=300, body_timeout=300, request_timeout=300, keep_alive_timeout=3600)
"""Time limits that no pause of a busy machine exceeds."""


@dataclass
class Wire:
    """One connection, from the client's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        """Send bytes, as far as the server reads them."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def response(self) -> httpx.Response:
        """Read one response."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").strip().split("\r\n")
            headers = httpx.Headers(
                [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
            )
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return httpx.Response(int(first.split()[1]), headers=headers, content=body)

    async def last_response(self) -> httpx.Response:
        """Read one response, after which the server closes the connection."""
        response = await self.response()
        assert response.headers["connection"] == "close"
        assert await self.rest() == b""
        return response

    async def rest(self) -> bytes:
        """Read until the server closes the connection."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await self.reader.read()

    def close(self) -> None:
        """Abort the connection."""
        self.writer.transport.abort()


@dataclass
class WireServer:
    """A server's port, and the state of its connections."""

    port: int
    state: LimitedServerState

    @asynccontextmanager
    async def wire(self, *, client_ip: str = "127.0.0.1") -> AsyncIterator[Wire]:
        """Connect from a loopback address, and abort the connection at the end."""
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self.port, local_addr=(client_ip, 0)))
        try:
            yield wire
        finally:
            wire.close()


@asynccontextmanager
async def wire_server(app: Any, **limits: Any) -> AsyncIterator[WireServer]:
    """Serve a started application in this context.

    Args:
        app: the application.
        limits: fields of `ServerPolicy`; its time limits are long.
    """
    policy = msgspec.structs.replace(PATIENT, **limits)
    config = configuration(policy)
    config.load_app = lambda: lambda: app  # type: ignore[method-assign]  # instead of the application of the environment
    config.load()
    state = LimitedServerState(policy)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpProtocol(config, state, {}, loop), "127.0.0.1", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lingering_transport, "LINGER_SECONDS", TIMEOUT_SECONDS)
        try:
            yield WireServer(server.sockets[0].getsockname()[1], state)
        finally:
            server.close()
            for connection in list(state.connections):
                connection.transport.abort()
