"""Connections beyond MAX_CONNECTIONS are refused, and slow clients make room for others."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import uvicorn
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from auth_api.kit.http.scope_keys import REFUSAL
from auth_api.server import server_state
from auth_api.server.policy import ServerPolicy
from auth_api.server.server import Server, configuration
from tests.conftest import OtherAppFactory
from tests.support.problems import assert_problem
from tests.support.waiting import until
from tests.support.wire import Wire, WireServer, wire_server

pytestmark = pytest.mark.engine_independent

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_connection_beyond_the_limit_gets_503_and_is_closed(app: Litestar) -> None:
    async with wire_server(app, max_connections=2) as server, AsyncExitStack() as stack:
        for _ in range(2):
            wire = await stack.enter_async_context(server.wire())
            await wire.send(LIVE)
            await wire.response()
        last = await stack.enter_async_context(server.wire())

        response = await last.last_response()

        assert_problem(response, 503, "SERVER_OVERLOADED")
        assert response.headers["retry-after"] == "1"
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200


async def test_connection_beyond_twice_the_limit_is_closed_without_a_response(app: Litestar) -> None:
    async with wire_server(app, max_connections=1) as server, AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(server.wire()) for _ in range(2)]
        await until(lambda: len(server.state.connections) == 2)
        last = await stack.enter_async_context(server.wire())

        assert await last.rest() == b""
        await wires[0].send(LIVE)
        assert (await wires[0].response()).status_code == 200


BODY = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na"
HEADERS = b"GET / HTTP/1.1\r\nX-Slow: "
ADDRESS = "127.0.0.2"
"""A further address of this machine."""


@asynccontextmanager
async def slow_clients(
    server: WireServer, count: int, sent: bytes, client_ip: str = ADDRESS
) -> AsyncIterator[list[Wire]]:
    """Open connections that send the beginning of a request, or a request and nothing more after its response."""
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(server.wire(client_ip=client_ip)) for _ in range(count)]
        for wire in wires:
            await wire.send(sent)
            if sent == LIVE:
                await wire.response()
        waiting = server.state.bodies if sent == BODY else server.state.headers
        sending: Iterable[Any] = server.state.connections if sent == LIVE else waiting
        await until(lambda: [connection.client[0] for connection in sending].count(client_ip) == count)
        yield wires


async def is_served(server: WireServer, client_ip: str = "127.0.0.1") -> bool:
    """Return whether a new connection gets the response to its request, and not 503."""
    before = server.state.places[client_ip]
    async with server.wire(client_ip=client_ip) as wire:
        await wire.send(LIVE)
        status = (await wire.response()).status_code
    await until(lambda: server.state.places[client_ip] <= before)
    return status == 200


@pytest.mark.parametrize("sent", [b"", HEADERS, BODY], ids=["nothing", "headers", "body"])
async def test_ft22_slow_connection_is_dropped_for_a_new_one(
    app: Litestar, db_session: None, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Also if the new one comes from the same address."""
    monkeypatch.setattr(server_state, "GRACE_SECONDS", 0.0)
    async with wire_server(app, max_connections=20) as server, slow_clients(server, 20, sent) as slow:
        assert [await is_served(server, ADDRESS) for _ in range(5)] == [True] * 5

        assert await slow[0].rest() == b""
        assert len(server.state.connections) <= 20


@pytest.mark.parametrize("sent", [b"", HEADERS, BODY, LIVE], ids=["nothing", "headers", "body", "between requests"])
async def test_network_with_more_than_a_quarter_of_all_connections_gives_way_to_others(
    app: Litestar, db_session: None, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Even if its connections are so new that they are not slow."""
    monkeypatch.setattr(server_state, "GRACE_SECONDS", 1000.0)
    async with wire_server(app, max_connections=8) as server, slow_clients(server, 8, sent):
        assert not await is_served(server, ADDRESS)

        assert [await is_served(server) for _ in range(3)] == [True] * 3


async def test_network_keeps_a_quarter_of_all_connections(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_state, "GRACE_SECONDS", 1000.0)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(wire_server(app, max_connections=8))
        await stack.enter_async_context(slow_clients(server, 8, HEADERS))
        for last in (3, 4, 5):
            await stack.enter_async_context(slow_clients(server, 2, HEADERS, f"127.0.0.{last}"))

        assert server.state.places == {ADDRESS: 2, "127.0.0.3": 2, "127.0.0.4": 2, "127.0.0.5": 2}
        assert not await is_served(server)


async def test_trusted_proxy_does_not_give_way(
    app: Litestar, db_session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connections carry the requests of many clients."""
    monkeypatch.setattr(server_state, "GRACE_SECONDS", 1000.0)
    async with wire_server(app, max_connections=8) as server:
        server.state.is_trusted_proxy = lambda client_ip: client_ip == ADDRESS
        async with slow_clients(server, 8, BODY):
            assert not await is_served(server)
            assert ADDRESS not in server.state.places


async def test_connections_with_a_running_request_do_not_give_way() -> None:
    finish = asyncio.Event()

    async def respond(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await finish.wait()
        status = 503 if REFUSAL in scope["state"] else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async with wire_server(respond, max_connections=4) as server, AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(server.wire(client_ip=ADDRESS)) for _ in range(4)]
        for wire in wires:
            await wire.send(LIVE.replace(b"/health/live", b"/slow"))
        await until(lambda: len(server.state.tasks) == 4)

        assert not await is_served(server)

        finish.set()
        assert [(await wire.response()).status_code for wire in wires] == [200] * 4


async def test_closed_connections_do_not_count_for_their_network(app: Litestar) -> None:
    async with wire_server(app) as server:
        for sent in (b"", HEADERS, BODY, LIVE):
            async with server.wire(client_ip=ADDRESS) as wire:
                await wire.send(sent)
                await until(lambda: server.state.places == {ADDRESS: 1})
            await until(lambda: server.state.places == {})


async def test_server_takes_the_trusted_proxies_from_the_application(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(_: uvicorn.Server, sockets: object) -> None:
        pass

    monkeypatch.setattr(uvicorn.Server, "startup", start)
    async with app_with(TRUSTED_PROXIES="192.0.2.0/24") as other:
        server = Server(configuration(ServerPolicy()), ServerPolicy())
        server.config.loaded_app = other.app

        await server.startup()

    assert server.server_state.is_trusted_proxy("192.0.2.7")
    assert not server.server_state.is_trusted_proxy("198.51.100.7")
