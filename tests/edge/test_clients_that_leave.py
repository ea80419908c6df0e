"""Clients that go away in the middle of a request: counted as such, and nothing of theirs stays."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from auth_api.kit.http.edge import EdgeMiddleware
from auth_api.services import Services
from tests.support.held_hasher import held, requests_wait
from tests.support.log_lines import access_line
from tests.support.waiting import until
from tests.support.wire import Wire, door

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

BODY = b'{"username": "nobody", "password": "whatever"}'


def login(name: str) -> bytes:
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head + b"X-Request-ID: %s\r\nContent-Length: %d\r\n\r\n" % (name.encode(), len(BODY)) + BODY


async def test_who_leaves_before_the_end_of_the_body_is_a_499(app: Litestar, db_session: None, log_file: Path) -> None:
    async with door(app) as place:
        async with place.wire() as wire:
            await wire.send(login("left-in-the-body")[:-1])
            await until(lambda: len(place.connections.bodies) == 1)
        line = await access_line(log_file, "left-in-the-body")

        assert line["status"] == 499
        await until(lambda: not place.connections.connections)
        assert (len(place.connections.heads), len(place.connections.bodies)) == (0, 0)


async def test_who_leaves_before_the_answer_is_a_499(app: Litestar, services: Services, log_file: Path) -> None:
    async with door(app) as place:
        async with held(services.hasher):
            async with place.wire() as wire:
                await wire.send(login("left-before-the-answer"))
                await requests_wait(services.hasher)
            await until(lambda: not place.connections.connections)

        assert (await access_line(log_file, "left-before-the-answer"))["status"] == 499


async def test_ft28_a_thousand_who_leave_leave_nothing_behind(app: Litestar, services: Services) -> None:
    """Some within the head, some within the body, some while they are worked for."""
    request = login("one-of-a-thousand")
    cuts = (30, len(request) - 1, len(request))

    async def leave(place: Any, number: int) -> None:
        async with place.wire() as wire:
            await wire.send(request[: cuts[number % len(cuts)]])
            await asyncio.sleep(0)

    async with door(app, max_connections=200) as place:
        for start in range(0, 1000, 50):
            await asyncio.gather(*(leave(place, number) for number in range(start, start + 50)))
        await until(lambda: not place.connections.connections and not place.connections.tasks)

        outer = app.asgi_handler
        assert isinstance(outer, EdgeMiddleware)
        assert (len(place.connections.heads), len(place.connections.bodies), len(outer._deadlines)) == (0, 0, 0)  # noqa: SLF001
        await until(lambda: services.hasher._slots_in_use == 0)  # noqa: SLF001 - nothing public counts them
        async with asyncio.timeout(10), place.wire() as wire:
            await wire.send(login("still-there"))
            assert (await wire.response()).status_code == 401
            assert await _ready(wire)


async def _ready(wire: Wire) -> bool:
    await wire.send(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return (await wire.response()).status_code == 200
