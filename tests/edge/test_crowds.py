"""More connections than a process takes."""

from contextlib import AsyncExitStack

import pytest
from litestar import Litestar

from auth_api.server import connections
from tests.support.problems import assert_problem
from tests.support.waiting import until
from tests.support.wire import door

pytestmark = pytest.mark.engine_independent

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_one_connection_too_many_is_told_so(app: Litestar) -> None:
    async with door(app, max_connections=2) as place, AsyncExitStack() as crowd:
        for _ in range(2):
            wire = await crowd.enter_async_context(place.wire())
            await wire.send(LIVE)
            await wire.response()
        last = await crowd.enter_async_context(place.wire())

        response = await last.last_answer()

        assert_problem(response, 503, "SERVER_OVERLOADED")
        assert response.headers["retry-after"] == "1"
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200


async def test_where_even_refusals_are_too_many_the_connection_just_ends(app: Litestar) -> None:
    async with door(app, max_connections=1) as place, AsyncExitStack() as crowd:
        wires = [await crowd.enter_async_context(place.wire()) for _ in range(2)]
        await until(lambda: len(place.connections.connections) == 2)
        last = await crowd.enter_async_context(place.wire())

        assert await last.rest() == b""
        await wires[0].send(LIVE)
        assert (await wires[0].response()).status_code == 200


async def test_ft22_who_dawdles_over_a_head_makes_room_for_others(
    app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "GRACE", 0.0)
    async with door(app, max_connections=20) as place, AsyncExitStack() as crowd:
        slow = [await crowd.enter_async_context(place.wire()) for _ in range(20)]
        for wire in slow:
            await wire.send(b"GET / HTTP/1.1\r\nX-Slow: ")
        await until(lambda: len(place.connections.heads) == 20)

        for _ in range(5):
            async with place.wire() as wire:
                await wire.send(LIVE)
                assert (await wire.response()).status_code == 200

        assert await slow[0].rest() == b""
        assert len(place.connections.connections) <= 20
