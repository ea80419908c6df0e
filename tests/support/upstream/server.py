"""A server with TLS in the event loop of the tests, whose answers can break every rule of HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from auth_api.kit.http.client_ip import parse_network
from auth_api.kit.outbound.client import Outbound
from auth_api.kit.outbound.policy import OutboundPolicy
from tests.support.upstream.authority import Authority

LOOPBACK = OutboundPolicy(allowed_networks=(parse_network("127.0.0.0/8"),))


@dataclass(frozen=True)
class ServedRequest:
    """A request that the server received; repeated parameters and headers have their last value."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What the server sends.

    Attributes:
        body: sent as it is; a document that is not bytes is sent as JSON.
        chunks: sent one after the other instead of the body, without its length.
    """

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: AsyncIterator[bytes] | None = None


Handler = Callable[[ServedRequest], Awaitable[Answer]]


class UpstreamServer:
    """Serves any host name at one port of 127.0.0.1.

    Attributes:
        requests: all requests so far.
        handler: returns the answer of each request.
    """

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[ServedRequest] = []
        self.connections = 0
        self.port = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def running(self, authority: Authority | None, *names: str) -> AsyncIterator[Self]:
        """Serve in this context, with a certificate for these host names; without TLS if the authority is None."""
        tls = None if authority is None else authority.server_context(*names)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def resolve(self, _host: str, _port: int) -> list[tuple[str, int]]:
        """Return the address of this server for any host."""
        return [("127.0.0.1", self.port)]

    def outbound(self, authority: Authority, policy: OutboundPolicy = LOOPBACK) -> Outbound:
        """Return a client for which all hosts of the internet are this server."""
        return Outbound(policy, resolve=self.resolve, tls=authority.client_context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request, and return whether the connection stays open."""
        request = await _read_request(reader)
        self.requests.append(request)
        answer = await self.handler(request)
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        length = {} if answer.chunks is not None else {"content-length": str(len(body))}
        headers = {"content-type": "application/json", **length, **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + (b"" if answer.chunks else body))
        await writer.drain()
        if answer.chunks is None:
            return True
        async for chunk in answer.chunks:
            writer.write(chunk)
            await writer.drain()
        return False


async def _read_request(reader: asyncio.StreamReader) -> ServedRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return ServedRequest(
        method=method,
        host=headers["host"],
        path=parts.path,
        query=_parameters(parts.query),
        headers=headers,
        form=_parameters(body.decode()),
    )


def _parameters(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
