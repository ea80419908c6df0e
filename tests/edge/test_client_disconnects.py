"""Clients that disconnect during a request are counted as 499 and leave nothing behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from auth_api.kit.http.edge import EdgeMiddleware
from auth_api.services import Services
from tests.support.held_hasher import held, requests_wait
from tests.support.log_lines import access_line
from tests.support.waiting import TIMEOUT_SECONDS, until
from tests.support.wire import Wire, wire_server

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

BODY = b'{"username": "unknown", "password": "any"}'


def login(name: str) -> bytes:
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head + b"X-Request-ID: %s\r\nContent-Length: %d\r\n\r\n" % (name.encode(), len(BODY)) + BODY


async def test_disconnect_before_the_end_of_the_body_is_499(app: Litestar, db_session: None, log_file: Path) -> None:
    async with wire_server(app) as server:
        async with server.wire() as wire:
            await wire.send(login("left-during-body")[:-1])
            await until(lambda: len(server.state.bodies) == 1)
        line = await access_line(log_file, "left-during-body")

        assert line["status"] == 499
        await until(lambda: not server.state.connections)
        assert (len(server.state.headers), len(server.state.bodies)) == (0, 0)


async def test_disconnect_before_the_response_is_499(app: Litestar, services: Services, log_file: Path) -> None:
    async with wire_server(app) as server:
        async with held(services.core.hasher):
            async with server.wire() as wire:
                await wire.send(login("left-before-response"))
                await requests_wait(services.core.hasher)
            await until(lambda: not server.state.connections)

        assert (await access_line(log_file, "left-before-response"))["status"] == 499


async def test_ft28_a_thousand_disconnects_leave_nothing_behind(app: Litestar, services: Services) -> None:
    """Within the headers, within the body, and while the request is processed."""
    request = login("one-of-a-thousand")
    cuts = (30, len(request) - 1, len(request))

    async def leave(server: Any, number: int) -> None:
        async with server.wire() as wire:
            await wire.send(request[: cuts[number % len(cuts)]])
            await asyncio.sleep(0)

    async with wire_server(app, max_connections=200) as server:
        for start in range(0, 1000, 50):
            await asyncio.gather(*(leave(server, number) for number in range(start, start + 50)))
        await until(lambda: not server.state.connections and not server.state.tasks)

        outer = app.asgi_handler
        assert isinstance(outer, EdgeMiddleware)
        assert (len(server.state.headers), len(server.state.bodies), len(outer._deadlines)) == (0, 0, 0)  # noqa: SLF001
        await until(lambda: services.core.hasher._slots_in_use == 0)  # noqa: SLF001 - nothing public counts them
        async with asyncio.timeout(TIMEOUT_SECONDS), server.wire() as wire:
            await wire.send(login("still-there"))
            assert (await wire.response()).status_code == 401
            assert await _ready(wire)


async def _ready(wire: Wire) -> bool:
    await wire.send(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return (await wire.response()).status_code == 200
