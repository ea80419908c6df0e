"""Routes that need a hash, while too many wait for theirs: refused at the door, for next to nothing."""

from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from auth_api.kit.http.json import StrictRequest
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.exposition import Changes
from tests.support.held_hasher import remove_all_slots
from tests.support.log_lines import access_line, lines_of_request
from tests.support.problems import assert_problem
from tests.support.statements import recorded
from tests.support.wire import door

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
"""Routes whose every POST needs a password hash."""
BODY = b'{"username": "ada", "password": "Correct-Horse-7-Staple"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def full(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing without a single place."""
    remove_all_slots(services.hasher, monkeypatch)


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No body may be read."""

    async def fail(_: StrictRequest) -> None:
        pytest.fail("the body was read")

    monkeypatch.setattr(StrictRequest, "json", fail)


def test_every_route_that_must_have_a_password_is_named(app: Litestar) -> None:
    """Where one may be left out (verifying an address), most requests need no hash."""
    shed = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.opt.get("load_shedder") == "password_hashing"
    }
    found = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if (field := handler.parsed_data_field) is not None
        for struct in (field.annotation, *getattr(field.annotation, "__args__", ()))
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct)
        if any("password" in each.name and each.required for each in msgspec.structs.fields(struct))
    }

    assert shed == found == set(HASHING)


@pytest.mark.usefixtures("full", "unread")
@pytest.mark.parametrize("path", HASHING)
async def test_there_the_answer_is_put_off_before_anything_is_asked_or_read(
    client: httpx.AsyncClient, services: Services, path: str
) -> None:
    with recorded(services.database.engine) as statements:
        response = await client.post(path, content=b"{no JSON", headers={"Authorization": "Bearer no-token"})

    assert_problem(response, 503, "SERVER_OVERLOADED")
    assert response.headers["retry-after"] == "1"
    assert statements == []


async def test_what_is_not_offered_is_not_there_however_full_it_is(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_with() as other:
        remove_all_slots(other.services.hasher, monkeypatch)

        response = await other.client.post("/api/auth/password/reset", json={})

        assert_problem(response, 404, "NOT_FOUND")


@pytest.mark.usefixtures("full")
async def test_the_answer_has_all_that_every_answer_has(client: httpx.AsyncClient) -> None:
    headers = {"X-Request-ID": "busy-1", "Origin": "https://app.example.com"}

    response = await client.post("/api/auth/login", json={}, headers=headers)

    assert assert_problem(response, 503, "SERVER_OVERLOADED")["request_id"] == "busy-1"
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "Retry-After" in response.headers["access-control-expose-headers"]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "connection" not in response.headers


@pytest.mark.usefixtures("full")
async def test_it_is_one_line_in_the_log_and_counted_at_its_route(client: httpx.AsyncClient, log_file: Path) -> None:
    changes = Changes()

    await client.post("/api/auth/login", content=BODY, headers={"X-Request-ID": "busy-2"})

    (line,) = await lines_of_request(log_file, "busy-2")
    assert line == await access_line(log_file, "busy-2")
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/auth/login", 503)
    assert changes.of("http_requests_total", method="POST", route="/api/auth/login", status="503") == 1
    assert changes.of("password_hashes_refused_total") == 1


async def test_all_else_goes_on(user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await user_factory()
    remove_all_slots(services.hasher, monkeypatch)

    assert (await ada.log_in()).outcome == (503, "SERVER_OVERLOADED")

    assert (await ada.profile()).status == 200
    assert (await ada.try_refresh()).status == 200
    assert (await ada.call("GET", "/api/auth/login")).outcome == (405, "METHOD_NOT_ALLOWED")
    assert (await ada.call("POST", "/api/auth/password/forgot", json={"email": ada.email})).status == 202


@pytest.mark.usefixtures("full")
async def test_preflights_are_answered(client: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}

    assert (await client.options("/api/auth/login", headers=headers)).status_code == 204


@pytest.mark.usefixtures("full")
async def test_the_connection_goes_on(app: Litestar) -> None:
    async with door(app) as place, place.wire() as wire:
        for _ in range(3):
            await wire.send(LOGIN, LENGTH, b"\r\n", BODY)
            response = await wire.response()
            assert_problem(response, 503, "SERVER_OVERLOADED")
            assert "connection" not in response.headers

        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200


@pytest.mark.usefixtures("full")
async def test_a_body_that_comes_after_the_answer_is_nobodys_request(app: Litestar) -> None:
    async with door(app) as place, place.wire() as wire:
        await wire.send(LOGIN, LENGTH, b"\r\n", BODY[:9])
        assert_problem(await wire.response(), 503, "SERVER_OVERLOADED")

        await wire.send(BODY[9:], LIVE)
        assert (await wire.response()).status_code == 200


@pytest.mark.usefixtures("full")
async def test_a_body_that_never_comes_is_not_waited_for_longer_than_others(app: Litestar) -> None:
    async with door(app, body_timeout=0.1) as place, place.wire() as wire:
        await wire.send(LOGIN, LENGTH, b"\r\n")
        assert_problem(await wire.response(), 503, "SERVER_OVERLOADED")

        assert await wire.rest() == b""


@pytest.mark.usefixtures("full")
async def test_who_waits_to_be_told_to_send_the_body_is_told_to_connect_anew(app: Litestar) -> None:
    """It may send the body or not, so nobody knows where its next request begins (RFC 9110 §10.1.1)."""
    async with door(app) as place, place.wire() as wire:
        await wire.send(LOGIN, LENGTH, b"Expect: 100-continue\r\n\r\n")

        assert_problem(await wire.last_answer(), 503, "SERVER_OVERLOADED")


async def test_with_room_again_the_same_request_succeeds(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    with pytest.MonkeyPatch.context() as patch:
        remove_all_slots(services.hasher, patch)
        assert (await ada.log_in()).status == 503

    assert (await ada.log_in()).status == 200
