"""Requests that need a password hash are refused before any other work while the hash queue is full."""

import asyncio
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from auth_api.kit.http.json import StrictRequest
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.clock import MovableMonotonicClock
from tests.support.exposition import Changes
from tests.support.held_hasher import remove_all_slots
from tests.support.log_lines import access_line, lines_of_request
from tests.support.problems import assert_problem
from tests.support.statements import recorded
from tests.support.wire import wire_server

pytestmark = pytest.mark.engine_independent

LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
HASHING = (
    "/api/auth/register",
    "/api/auth/login",
    "/api/auth/password/reset",
    "/api/user/password",
    "/api/user/email",
    "/api/user/delete",
)
"""Routes whose POST needs a password hash, except for accounts without a password."""
BODY = b'{"username": "ada", "password": "Correct-Horse-7-Staple"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def full_queue(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hasher accepts no password."""
    remove_all_slots(services.core.hasher, monkeypatch)


@pytest.fixture
def unread_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test fails if a body is read."""

    async def fail(_: StrictRequest) -> None:
        pytest.fail("the body was read")

    monkeypatch.setattr(StrictRequest, "json", fail)


WITHOUT_PASSWORD = {"/api/admin/users", "/api/auth/invitations/accept"}
"""Routes whose requests hash a password, unless they have none."""


def test_every_route_that_confirms_a_password_sheds_load(app: Litestar) -> None:
    """Not e-mail verification, where the password is optional: most of its requests need no hash."""
    shed = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.opt.get("load_shedder") == "password_hashing" and handler.include_in_schema is not False
    }
    found = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if (field := handler.parsed_data_field) is not None
        for struct in (field.annotation, *getattr(field.annotation, "__args__", ()))
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct)
        for member in msgspec.structs.fields(struct)
        if member.name == "current_password" or ("password" in member.name and member.required)
    }

    assert shed - WITHOUT_PASSWORD == found == set(HASHING)
    assert shed >= WITHOUT_PASSWORD


@pytest.mark.usefixtures("full_queue", "unread_body")
@pytest.mark.parametrize("path", HASHING)
async def test_full_hash_queue_is_503_before_the_body_is_read_or_the_database_is_queried(
    client: httpx.AsyncClient, services: Services, path: str
) -> None:
    with recorded(services.core.database.engine) as statements:
        response = await client.post(path, content=b"{no JSON", headers={"Authorization": "Bearer no-token"})

    assert_problem(response, 503, "SERVER_OVERLOADED")
    assert response.headers["retry-after"] == "1"
    assert statements == []


async def test_disabled_route_is_404_even_if_the_hash_queue_is_full(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_with() as other:
        remove_all_slots(other.services.core.hasher, monkeypatch)

        response = await other.client.post("/api/auth/password/reset", json={})

        assert_problem(response, 404, "NOT_FOUND")


@pytest.mark.usefixtures("full_queue")
async def test_overload_refusal_is_delayed_while_other_requests_are_served(client: httpx.AsyncClient) -> None:
    """Clients that ignore `Retry-After` must not take the processor time of accepted requests."""
    finished: list[str] = []

    async def send(method: str, path: str) -> None:
        await client.request(method, path)
        finished.append(path)

    await asyncio.gather(send("POST", "/api/auth/login"), send("GET", "/health/live"))

    assert finished == ["/health/live", "/api/auth/login"]


@pytest.mark.usefixtures("full_queue")
async def test_overload_response_has_the_headers_of_every_response(client: httpx.AsyncClient) -> None:
    headers = {"X-Request-ID": "busy-1", "Origin": "https://app.example.com"}

    response = await client.post("/api/auth/login", json={}, headers=headers)

    assert assert_problem(response, 503, "SERVER_OVERLOADED")["request_id"] == "busy-1"
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "Retry-After" in response.headers["access-control-expose-headers"]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "connection" not in response.headers


@pytest.mark.usefixtures("full_queue")
async def test_overload_refusal_is_one_log_line_and_is_counted_at_its_route(
    client: httpx.AsyncClient, log_file: Path
) -> None:
    changes = Changes()

    await client.post("/api/auth/login", content=BODY, headers={"X-Request-ID": "busy-2"})

    (line,) = await lines_of_request(log_file, "busy-2")
    assert line == await access_line(log_file, "busy-2")
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/auth/login", 503)
    assert changes.of("http_requests_total", method="POST", route="/api/auth/login", status="503") == 1
    assert changes.of("password_hashes_refused_total") == 1


async def test_full_hash_queue_does_not_affect_other_requests(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await user_factory()
    remove_all_slots(services.core.hasher, monkeypatch)

    assert (await ada.log_in()).outcome == (503, "SERVER_OVERLOADED")

    assert (await ada.profile()).status == 200
    assert (await ada.try_refresh()).status == 200
    assert (await ada.call("GET", "/api/auth/login")).outcome == (405, "METHOD_NOT_ALLOWED")
    assert (await ada.call("POST", "/api/auth/password/forgot", json={"email": ada.email})).status == 202


@pytest.mark.usefixtures("full_queue")
async def test_full_hash_queue_does_not_affect_preflights(client: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}

    assert (await client.options("/api/auth/login", headers=headers)).status_code == 204


@pytest.mark.usefixtures("full_queue")
async def test_connection_stays_open_after_an_overload_refusal(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        for _ in range(3):
            await wire.send(LOGIN, LENGTH, b"\r\n", BODY)
            response = await wire.response()
            assert_problem(response, 503, "SERVER_OVERLOADED")
            assert "connection" not in response.headers

        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200


@pytest.mark.usefixtures("full_queue")
async def test_body_that_arrives_after_the_response_is_not_parsed_as_a_request(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(LOGIN, LENGTH, b"\r\n", BODY[:9])
        assert_problem(await wire.response(), 503, "SERVER_OVERLOADED")

        await wire.send(BODY[9:], LIVE)
        assert (await wire.response()).status_code == 200


@pytest.mark.usefixtures("full_queue")
async def test_body_that_never_arrives_after_a_refusal_closes_the_connection_in_time(
    app: Litestar, deadline_clock: MovableMonotonicClock
) -> None:
    async with wire_server(app, body_timeout=0.1) as server, server.wire() as wire:
        await wire.send(LOGIN, LENGTH, b"\r\n")
        assert_problem(await wire.response(), 503, "SERVER_OVERLOADED")
        deadline_clock.now += 0.1

        assert await wire.rest() == b""


@pytest.mark.usefixtures("full_queue")
async def test_refusal_of_a_request_that_expects_100_continue_closes_the_connection(app: Litestar) -> None:
    """The client may send the body or not, so the start of its next request is unknown (RFC 9110 §10.1.1)."""
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(LOGIN, LENGTH, b"Expect: 100-continue\r\n\r\n")

        assert_problem(await wire.last_response(), 503, "SERVER_OVERLOADED")


async def test_login_succeeds_when_the_hash_queue_has_room_again(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    with pytest.MonkeyPatch.context() as patch:
        remove_all_slots(services.core.hasher, patch)
        assert (await ada.log_in()).status == 503

    assert (await ada.log_in()).status == 200
