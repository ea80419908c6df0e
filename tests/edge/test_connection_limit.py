"""Connections beyond MAX_CONNECTIONS are refused, and slow clients make room for others."""

from contextlib import AsyncExitStack

import pytest
from litestar import Litestar

from auth_api.server import server_state
from tests.support.problems import assert_problem
from tests.support.waiting import until
from tests.support.wire import wire_server

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


async def test_ft22_connection_with_slow_headers_is_dropped_for_a_new_one(
    app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_state, "MIN_HEADER_SECONDS", 0.0)
    async with wire_server(app, max_connections=20) as server, AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(server.wire()) for _ in range(20)]
        for wire in slow:
            await wire.send(b"GET / HTTP/1.1\r\nX-Slow: ")
        await until(lambda: len(server.state.headers) == 20)

        for _ in range(5):
            async with server.wire() as wire:
                await wire.send(LIVE)
                assert (await wire.response()).status_code == 200

        assert await slow[0].rest() == b""
        assert len(server.state.connections) <= 20
