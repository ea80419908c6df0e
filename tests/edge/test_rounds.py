"""Requests that there is no room for: held back, then refused together."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import cast

import pytest
from litestar import Litestar

from auth_api.kit.http.request_screening import MAX_BODY_LENGTH
from auth_api.server import rounds
from auth_api.server.holding import MAX_HELD
from auth_api.server.http_protocol import Connection
from auth_api.services import Services
from tests.support.exposition import Changes
from tests.support.held_hasher import take_all_places
from tests.support.log_lines import access_line, logged
from tests.support.patience import until
from tests.support.problems import assert_problem
from tests.support.wire import Door, Wire, door

pytestmark = pytest.mark.engine_independent

BODY = b'{"username": "ada", "password": "Correct-Horse-7-Staple"}'
HEAD = (
    b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
)
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
FOR_EVER = 600.0


@pytest.fixture(autouse=True)
def full(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing without a single place."""
    take_all_places(services.hasher, monkeypatch)


@pytest.fixture
async def place(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """Where a round takes as long as the test wants."""
    monkeypatch.setattr(rounds, "ROUND_SECONDS", FOR_EVER)
    async with door(app) as opened:
        yield opened


async def held(place: Door, number: int) -> None:
    """Return when so many requests are held back."""
    await until(lambda: len(place.connections.rounds) == number)


def connections_of(place: Door) -> list[Connection]:
    return cast("list[Connection]", list(place.connections.connections))


async def is_silent(wire: Wire) -> bool:
    """Tell whether nothing comes, while others are answered."""
    try:
        async with asyncio.timeout(0.05):
            return not await wire.reader.read(1)
    except TimeoutError:
        return True


async def test_they_are_answered_at_the_end_of_the_round_and_others_at_once(place: Door) -> None:
    async with place.wire() as first, place.wire() as second, place.wire() as other:
        await first.send(HEAD, BODY)
        await second.send(HEAD, BODY)
        await held(place, 2)

        await other.send(LIVE)
        assert (await other.response()).status_code == 200
        assert await is_silent(first)

        place.connections.rounds.end()
        for wire in (first, second):
            assert_problem(await wire.response(), 503, "SERVER_OVERLOADED")


async def test_a_round_ends_by_itself(app: Litestar, monkeypatch: pytest.MonkeyPatch, log_file: Path) -> None:
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.03)
    changes = Changes()
    async with door(app) as place, place.wire() as wire:
        for number in range(3):
            named = HEAD.replace(b"\r\n\r\n", b"\r\nX-Request-ID: round-%d\r\n\r\n" % number)
            await wire.send(named + BODY)
            response = await wire.response()
            assert_problem(response, 503, "SERVER_OVERLOADED")
            assert "connection" not in response.headers
            assert (await access_line(log_file, f"round-{number}"))["duration_ms"] >= 30

    assert changes.of("password_hashes_refused_total") == 3


async def test_a_few_at_a_time_so_that_others_are_served_in_between(
    place: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "AT_ONCE", 2)
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.0)
    said: list[str] = []

    for _ in range(5):
        place.connections.rounds.join(lambda: said.append("on"))
    while said.count("on") < 5:
        said.append("another turn")
        await asyncio.sleep(0)

    gone_on = [len(list(group)) for word, group in groupby(said) if word == "on"]
    assert gone_on == [2, 2, 1]


async def test_who_asks_again_waits_again(place: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "AT_ONCE", 1)
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.0)
    said: list[str] = []

    def answer_and_ask_again() -> None:
        said.append("first")
        monkeypatch.setattr(rounds, "ROUND_SECONDS", FOR_EVER)
        place.connections.rounds.join(lambda: said.append("again"))

    for _ in range(3):
        place.connections.rounds.join(answer_and_ask_again)
    await until(lambda: len(said) == 3)
    await asyncio.sleep(0.01)

    assert said == ["first"] * 3
    assert len(place.connections.rounds) == 3


async def test_too_many_for_one_round_are_answered_within_a_few(place: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "IN_A_ROUND", 2)
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.01)
    went: list[int] = []

    for number in range(9):
        place.connections.rounds.join(partial(went.append, number))
    await until(lambda: bool(went))

    assert went == [0, 1, 2]
    await until(lambda: went == list(range(9)))


async def test_the_end_of_all_comes_also_to_those_who_are_about_to_go_on(
    place: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "AT_ONCE", 1)
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.0)
    went: list[int] = []
    gone_at_the_end: list[int] = []

    def end() -> None:
        place.connections.rounds.end()
        gone_at_the_end.extend(went)

    place.connections.rounds.join(end)
    for number in range(3):
        place.connections.rounds.join(partial(went.append, number))
    await until(lambda: bool(went))

    assert gone_at_the_end == [0, 1, 2]


async def test_an_error_in_one_is_nobody_elses(place: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async with place.wire() as one:
        await one.send(HEAD + BODY)
        await held(place, 1)
        (broken,) = connections_of(place)
        monkeypatch.setattr(broken, "hear", None)
        async with place.wire() as other:
            await other.send(HEAD + BODY)
            await held(place, 2)

            with logged("ERROR") as lines:
                place.connections.rounds.end()

            assert len(lines) == 1
            assert_problem(await other.response(), 503, "SERVER_OVERLOADED")
            assert await one.rest() == b""


@pytest.mark.parametrize("offer", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"], ids=["plain", "offers HTTP/2"])
async def test_who_was_to_be_refused_is_refused_also_where_there_is_room_by_then(
    place: Door, offer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a round would see the same free place, and all but one ask the database in vain."""
    async with place.wire() as wire:
        await wire.send(HEAD.replace(b"\r\n\r\n", b"\r\n" + offer + b"\r\n") + BODY)
        await held(place, 1)
        monkeypatch.undo()
        place.connections.rounds.end()
        assert_problem(await wire.response(), 503, "SERVER_OVERLOADED")

        await wire.send(HEAD + BODY)
        assert (await wire.response()).status_code == 401


async def test_what_follows_on_the_connection_is_answered_after_it(place: Door) -> None:
    async with place.wire() as wire:
        await wire.send(HEAD + BODY[:9])
        await held(place, 1)
        await wire.send(BODY[9:] + LIVE)
        assert await is_silent(wire)

        place.connections.rounds.end()
        assert_problem(await wire.response(), 503, "SERVER_OVERLOADED")
        assert (await wire.response()).status_code == 200


async def test_what_is_in_a_body_is_no_beginning_of_a_request(place: Door) -> None:
    head = b"POST /api/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    async with place.wire() as wire:
        await wire.send(head + b"Content-Length: %d\r\n\r\n" % len(HEAD))
        await until(lambda: any(each.cycle is not None for each in connections_of(place)))
        await wire.send(HEAD)

        assert_problem(await wire.response(), 400, "MALFORMED_REQUEST")


async def test_a_long_one_is_measured_at_once(place: Door) -> None:
    async with place.wire() as wire:
        head = HEAD.replace(b"Content-Length: %d" % len(BODY), b"Content-Length: %d" % (MAX_BODY_LENGTH + 1))
        await wire.send(head + b" " * MAX_HELD)

        assert_problem(await wire.last_answer(), 413, "PAYLOAD_TOO_LARGE")


async def test_a_slow_head_is_late_and_what_is_held_is_not(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "ROUND_SECONDS", FOR_EVER)
    async with door(app, header_timeout=0.1) as place, place.wire() as slow, place.wire() as whole:
        await whole.send(HEAD + BODY)
        await slow.send(HEAD[:40])

        assert_problem(await slow.last_answer(), 408, "REQUEST_TIMEOUT")

        place.connections.rounds.end()
        assert_problem(await whole.response(), 503, "SERVER_OVERLOADED")


async def test_what_is_refused_for_something_else_is_not_counted_as_this(place: Door) -> None:
    changes = Changes()
    async with place.wire() as wire:
        await wire.send(HEAD.replace(b"\r\n", b"\r\nContent-Type: text/plain\r\n", 1) + BODY)
        await held(place, 1)
        place.connections.rounds.end()

        assert_problem(await wire.last_answer(), 400, "MALFORMED_REQUEST")

    assert changes.of("password_hashes_refused_total") == 0


async def test_a_client_that_leaves_meanwhile_is_forgotten(place: Door) -> None:
    changes = Changes()
    wire = Wire(*await asyncio.open_connection("127.0.0.1", place.port))
    await wire.send(HEAD + BODY)
    await held(place, 1)
    wire.close()
    await until(lambda: not place.connections.connections)

    place.connections.rounds.end()

    assert changes.by("http_requests_total", "status") == {}
    assert changes.of("password_hashes_refused_total") == 0


async def test_an_idle_connection_is_not_closed_under_what_it_holds(place: Door) -> None:
    async with place.wire() as wire:
        await wire.send(LIVE)
        await wire.response()
        (connection,) = connections_of(place)
        await wire.send(HEAD + BODY)
        await held(place, 1)

        assert connection.timeout_keep_alive_task is None


async def test_with_room_nobody_waits(place: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(rounds, "ROUND_SECONDS", FOR_EVER)
    async with place.wire() as wire:
        await wire.send(HEAD + BODY)

        assert (await wire.response()).status_code == 401
