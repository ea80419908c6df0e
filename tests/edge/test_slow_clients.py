"""Requests that arrive too slowly end with 408, and idle connections are closed."""

from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from auth_api.server.http_protocol import HttpProtocol
from tests.support.clock import MovableMonotonicClock
from tests.support.log_lines import access_line
from tests.support.problems import assert_problem
from tests.support.waiting import until
from tests.support.wire import WireServer, wire_server

pytestmark = pytest.mark.engine_independent

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
ORIGIN = b"Origin: https://app.example.com\r\n"
LIMIT_SECONDS = 0.2
"""A time limit that a test can wait for, once it has moved the clock of the deadlines."""


def only_connection(server: WireServer) -> Any:
    (connection,) = server.state.connections
    return connection


async def test_ft22_unfinished_headers_are_408(
    app: Litestar, log_file: Path, deadline_clock: MovableMonotonicClock
) -> None:
    async with wire_server(app, header_timeout=LIMIT_SECONDS) as server, server.wire() as wire:
        await wire.send(b"GET /api/user/profile HTTP/1.1\r\nX-Request-ID: slow-headers\r\n", ORIGIN, b"X-Slow: a")
        await until(lambda: len(server.state.headers) == 1)
        await until(lambda: len(only_connection(server).headers or ()) == 2)
        deadline_clock.now += LIMIT_SECONDS

        response = await wire.last_response()

    problem = assert_problem(response, 408, "REQUEST_TIMEOUT")
    assert problem["request_id"] == "slow-headers"
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    line = await access_line(log_file, "slow-headers")
    assert (line["status"], line["method"], line["path"]) == (408, "GET", "/api/user/profile")
    assert line["client_ip"] == "127.0.0.1"


async def test_single_bytes_do_not_extend_the_header_timeout(
    app: Litestar, deadline_clock: MovableMonotonicClock
) -> None:
    async with wire_server(app, header_timeout=LIMIT_SECONDS) as server, server.wire() as wire:
        await until(lambda: len(server.state.headers) == 1)
        connection = only_connection(server)
        for number in range(len(LOGIN)):
            await wire.send(LOGIN[number : number + 1])
            await until(lambda expected=number + 1: connection._bytes_read == expected)  # type: ignore[misc]  # noqa: SLF001 - nothing public counts them
            deadline_clock.now += 0.9 * LIMIT_SECONDS / len(LOGIN)
        deadline_clock.now += 0.2 * LIMIT_SECONDS

        assert_problem(await wire.last_response(), 408, "REQUEST_TIMEOUT")


async def test_header_timeout_applies_to_later_requests_of_a_connection(
    app: Litestar, deadline_clock: MovableMonotonicClock
) -> None:
    async with wire_server(app, header_timeout=LIMIT_SECONDS) as server, server.wire() as wire:
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200
        await wire.send(LIVE[:-2])
        await until(lambda: len(server.state.headers) == 1)
        deadline_clock.now += LIMIT_SECONDS

        assert_problem(await wire.last_response(), 408, "REQUEST_TIMEOUT")


async def test_connection_without_a_request_is_closed_without_a_response(
    app: Litestar, deadline_clock: MovableMonotonicClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []
    receive = HttpProtocol.data_received

    def receive_observed(connection: HttpProtocol, data: bytes) -> None:
        receive(connection, data)
        read.append(data)

    monkeypatch.setattr(HttpProtocol, "data_received", receive_observed)
    async with (
        wire_server(app, header_timeout=LIMIT_SECONDS) as server,
        server.wire() as silent,
        server.wire() as blank,
    ):
        await blank.send(b"\r\n")
        await until(lambda: read == [b"\r\n"] and len(server.state.headers) == 2)
        deadline_clock.now += LIMIT_SECONDS

        assert (await silent.rest(), await blank.rest()) == (b"", b"")


async def test_idle_connection_is_closed_after_the_keep_alive_timeout(app: Litestar) -> None:
    async with wire_server(app, keep_alive_timeout=LIMIT_SECONDS) as server, server.wire() as wire:
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200

        assert await wire.rest() == b""


async def test_complete_request_leaves_no_deadline(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(LIVE)
        await wire.response()

        assert (len(server.state.headers), len(server.state.bodies)) == (0, 0)


async def test_ft22_unfinished_body_is_408(
    app: Litestar, db_session: None, log_file: Path, deadline_clock: MovableMonotonicClock
) -> None:
    async with wire_server(app, body_timeout=LIMIT_SECONDS) as server, server.wire() as wire:
        await wire.send(LOGIN, b"X-Request-ID: slow-body\r\n", ORIGIN, b"Content-Length: 50\r\n\r\n{")
        await until(lambda: len(server.state.bodies) == 1)
        deadline_clock.now += LIMIT_SECONDS

        response = await wire.last_response()

    assert_problem(response, 408, "REQUEST_TIMEOUT")
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    line = await access_line(log_file, "slow-body")
    assert (line["status"], line["route"]) == (408, "/api/auth/login")


async def test_slow_body_that_arrives_in_time_is_read(app: Litestar, db_session: None) -> None:
    body = b'{"username": "unknown", "password": "any"}'
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(LOGIN, b"Content-Length: %d\r\n\r\n" % len(body))
        for byte in body:
            await wire.send(bytes([byte]))
        assert_problem(await wire.response(), 401, "INVALID_CREDENTIALS")
        await wire.send(LIVE)

        assert (await wire.response()).status_code == 200


async def test_body_of_an_unknown_route_may_arrive_after_the_response(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n")
        assert_problem(await wire.response(), 404, "NOT_FOUND")
        await wire.send(b"abc", LIVE)

        assert (await wire.response()).status_code == 200


async def test_body_of_an_unknown_route_that_does_not_arrive_closes_the_connection(
    app: Litestar, deadline_clock: MovableMonotonicClock
) -> None:
    async with wire_server(app, body_timeout=LIMIT_SECONDS) as server, server.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na")
        assert_problem(await wire.response(), 404, "NOT_FOUND")
        deadline_clock.now += LIMIT_SECONDS

        assert await wire.rest() == b""


async def test_connection_after_a_late_body_is_closed_after_the_header_timeout(
    app: Litestar, deadline_clock: MovableMonotonicClock
) -> None:
    async with wire_server(app, header_timeout=LIMIT_SECONDS) as server, server.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n")
        await wire.response()
        await wire.send(b"abc")
        await until(lambda: len(server.state.headers) == 1)
        deadline_clock.now += LIMIT_SECONDS

        assert await wire.rest() == b""
