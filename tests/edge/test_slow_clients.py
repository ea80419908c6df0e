"""Clients that take their time: cut off by the clock, with an answer wherever one is owed."""

from pathlib import Path

import pytest
from litestar import Litestar

from tests.support.log_lines import access_line
from tests.support.problems import assert_problem
from tests.support.waiting import until
from tests.support.wire import door

pytestmark = pytest.mark.engine_independent

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
REQUEST_CONTEXT = b"Origin: https://app.example.com\r\n"
SOON = 0.2
"""A time limit of seconds that is worth waiting for."""


async def test_ft22_a_head_that_does_not_end_is_408(app: Litestar, log_file: Path) -> None:
    async with door(app, header_timeout=SOON) as place, place.wire() as wire:
        await wire.send(b"GET /api/user/profile HTTP/1.1\r\nX-Request-ID: slow-head\r\n", REQUEST_CONTEXT, b"X-Slow: a")

        response = await wire.last_answer()

    problem = assert_problem(response, 408, "REQUEST_TIMEOUT")
    assert problem["request_id"] == "slow-head"
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    line = await access_line(log_file, "slow-head")
    assert (line["status"], line["method"], line["path"]) == (408, "GET", "/api/user/profile")
    assert line["client_ip"] == "127.0.0.1"


async def test_one_byte_after_the_other_buys_no_time(app: Litestar) -> None:
    async with door(app, header_timeout=SOON) as place, place.wire() as wire:
        for byte in LOGIN:
            await wire.send(bytes([byte]))
            await until(lambda: len(place.connections.heads) > 0)

        assert_problem(await wire.last_answer(), 408, "REQUEST_TIMEOUT")


async def test_the_head_of_a_later_request_has_the_same_time(app: Litestar) -> None:
    async with door(app, header_timeout=SOON) as place, place.wire() as wire:
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200
        await wire.send(LIVE[:-2])

        assert_problem(await wire.last_answer(), 408, "REQUEST_TIMEOUT")


async def test_who_says_nothing_is_left_without_a_word(app: Litestar) -> None:
    async with door(app, header_timeout=SOON) as place, place.wire() as silent, place.wire() as blank:
        await blank.send(b"\r\n")

        assert (await silent.rest(), await blank.rest()) == (b"", b"")


async def test_an_idle_connection_lives_for_its_own_time(app: Litestar) -> None:
    async with door(app, keep_alive_timeout=SOON, header_timeout=60) as place, place.wire() as wire:
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200

        assert await wire.rest() == b""


async def test_a_whole_request_leaves_no_clock_running(app: Litestar) -> None:
    async with door(app) as place, place.wire() as wire:
        await wire.send(LIVE)
        await wire.response()

        assert (len(place.connections.heads), len(place.connections.bodies)) == (0, 0)


async def test_ft22_a_body_that_does_not_end_is_408(app: Litestar, db_session: None, log_file: Path) -> None:
    async with door(app, body_timeout=SOON) as place, place.wire() as wire:
        await wire.send(LOGIN, b"X-Request-ID: slow-body\r\n", REQUEST_CONTEXT, b"Content-Length: 50\r\n\r\n{")

        response = await wire.last_answer()

    assert_problem(response, 408, "REQUEST_TIMEOUT")
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    line = await access_line(log_file, "slow-body")
    assert (line["status"], line["route"]) == (408, "/api/auth/login")


async def test_a_slow_body_that_comes_in_time_is_read(app: Litestar, db_session: None) -> None:
    body = b'{"username": "nobody", "password": "whatever"}'
    async with door(app) as place, place.wire() as wire:
        await wire.send(LOGIN, b"Content-Length: %d\r\n\r\n" % len(body))
        for byte in body:
            await wire.send(bytes([byte]))
        assert_problem(await wire.response(), 401, "INVALID_CREDENTIALS")
        await wire.send(LIVE)

        assert (await wire.response()).status_code == 200


async def test_a_body_that_nobody_reads_may_come_after_the_answer(app: Litestar) -> None:
    async with door(app) as place, place.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n")
        assert_problem(await wire.response(), 404, "NOT_FOUND")
        await wire.send(b"abc", LIVE)

        assert (await wire.response()).status_code == 200


async def test_a_body_that_nobody_reads_is_not_waited_for_either(app: Litestar) -> None:
    async with door(app, body_timeout=SOON) as place, place.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na")
        assert_problem(await wire.response(), 404, "NOT_FOUND")

        assert await wire.rest() == b""


async def test_after_a_late_body_the_connection_is_idle_only_for_so_long(app: Litestar) -> None:
    async with door(app, header_timeout=SOON) as place, place.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n")
        await wire.response()
        await wire.send(b"abc")

        assert await wire.rest() == b""
