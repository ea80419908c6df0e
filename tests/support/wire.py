"""A server in the test's own event loop, and the bytes that go to it and come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from auth_api.server.connections import Connections
from auth_api.server.http_protocol import Connection
from auth_api.server.policy import ServerPolicy
from auth_api.server.server import configuration

PATIENCE = 10.0
"""Seconds until what has not come is taken for something that never will."""


@dataclass
class Wire:
    """One connection, from the client's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        """Send, as far as the server takes it."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def response(self) -> httpx.Response:
        """Read one answer."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").strip().split("\r\n")
            headers = httpx.Headers(
                [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
            )
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return httpx.Response(int(first.split()[1]), headers=headers, content=body)

    async def last_answer(self) -> httpx.Response:
        """Read one answer, behind which the server ends the connection."""
        response = await self.response()
        assert response.headers["connection"] == "close"
        assert await self.rest() == b""
        return response

    async def rest(self) -> bytes:
        """Read until the server ends the connection."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    def close(self) -> None:
        """End the connection, in the middle of whatever it is."""
        self.writer.transport.abort()


@dataclass
class Door:
    """Where the server listens."""

    port: int
    connections: Connections

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        """Connect."""
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self.port))
        try:
            yield wire
        finally:
            wire.close()


@asynccontextmanager
async def door(app: Any, **limits: Any) -> AsyncIterator[Door]:
    """Serve an application that is started already, under the limits of `ServerPolicy`."""
    policy = msgspec.structs.replace(ServerPolicy(), **limits)
    config = configuration(policy)
    config.load_app = lambda: lambda: app  # type: ignore[method-assign]  # not the one of the environment
    config.load()
    connections = Connections(policy)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, connections, {}, loop), "127.0.0.1", 0)
    try:
        yield Door(server.sockets[0].getsockname()[1], connections)
    finally:
        server.close()
        for connection in list(connections.connections):
            connection.transport.abort()
