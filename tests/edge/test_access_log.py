"""The access log: one flat line per request, without the query string and without secrets."""

import json
import secrets
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from auth_api.kit.logging import MAX_WRITE_BYTES
from tests.conftest import CLIENT_IP, UserFactory
from tests.support.log_lines import access_line, encoded_access_line, lines_of_request
from tests.support.wire import wire_server

pytestmark = pytest.mark.engine_independent


async def test_access_line_has_flat_fields(client: httpx.AsyncClient, log_file: Path) -> None:
    response = await client.get("/health/live")

    line = await access_line(log_file, response.headers["x-request-id"])
    duration = line.pop("duration_ms")
    timestamp = line.pop("timestamp")
    assert line == {
        "level": "INFO",
        "logger": "auth_api.kit.http.request_cycle",
        "message": "request",
        "event": "request:completed",
        "request_id": response.headers["x-request-id"],
        "method": "GET",
        "route": "/health/live",
        "path": "/health/live",
        "status": 200,
        "client_ip": CLIENT_IP,
    }
    assert isinstance(duration, float)
    assert 0 <= duration < 10_000
    assert timestamp.endswith("Z")


async def test_access_line_of_an_authenticated_request_has_the_user_id(
    user_factory: UserFactory, log_file: Path
) -> None:
    ada = await user_factory()

    response = await ada.profile()

    line = await access_line(log_file, response.response.headers["x-request-id"])
    assert line["user_id"] == response["id"]


@pytest.mark.parametrize(
    "case",
    [
        ("GET", "/api/nope", None, 404),
        ("PUT", "/api/auth/login", None, 405),
        ("HEAD", "/health/live", "/health/live", 200),
        ("OPTIONS", "/health/live", None, 405),
        ("GET", "/api/user/profile", "/api/user/profile", 401),
        ("POST", "/api/auth/login", "/api/auth/login", 400),
        ("GET", "/schema/swagger", "/schema/swagger", 200),
        ("GET", "/schema/nope", "/schema/{path}", 404),
        ("GET", "/" + "a" * 511, None, 404),
    ],
)
async def test_access_line_has_method_route_path_and_status(
    client: httpx.AsyncClient, log_file: Path, case: tuple[str, str, str | None, int]
) -> None:
    method, path, route, status = case

    response = await client.request(method, path)

    line = await access_line(log_file, response.headers["x-request-id"])
    assert (line["method"], line["route"], line["path"], line["status"]) == (method, route, path, status)


@pytest.mark.parametrize(("length", "status"), [(4095, 404), (4096, 414)])
async def test_access_line_has_the_first_512_characters_of_a_long_path(
    client: httpx.AsyncClient, log_file: Path, length: int, status: int
) -> None:
    response = await client.get("/" + "a" * length)

    line = await access_line(log_file, response.headers["x-request-id"])
    assert (line["path"], line["status"]) == ("/" + "a" * 511, status)


async def test_access_line_of_a_preflight_has_its_method(client: httpx.AsyncClient, log_file: Path) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}

    response = await client.options("/api/auth/login", headers=headers)

    line = await access_line(log_file, response.headers["x-request-id"])
    assert (line["method"], line["path"], line["status"]) == ("OPTIONS", "/api/auth/login", 204)


async def test_access_line_never_has_the_query_string(client: httpx.AsyncClient, log_file: Path) -> None:
    """Query strings may contain tokens."""
    response = await client.get("/api/user/profile?access_token=in-the-query-7f3a")

    lines = await lines_of_request(log_file, response.headers["x-request-id"])
    assert len(lines) == 2
    assert "in-the-query" not in str(lines)


CHARACTERS = {
    "line feed": "%0A",
    "escape": "%1B%5B31m",
    "delete": "%7F",
    "next line": "%C2%85",
    "C1 escape": "%C2%9B",
    "line separator": "%E2%80%A8",
    "right-to-left override": "%E2%80%AE",
    "half of a character": "%C2",
    "slash": "%2F",
    "percent sign": "%2541",
    "letter": "%C3%A4",
}


@pytest.mark.parametrize("encoded", CHARACTERS.values(), ids=CHARACTERS)
async def test_path_is_logged_as_it_was_sent(client: httpx.AsyncClient, log_file: Path, encoded: str) -> None:
    """Decoded, it could forge lines and control a terminal (CWE-117, CWE-150)."""
    response = await client.get(f"/api/x{encoded}y")

    line = await encoded_access_line(log_file, response.headers["x-request-id"])
    assert json.loads(line)["path"] == f"/api/x{encoded}y"
    assert line.isprintable()


@pytest.mark.parametrize(
    ("secret", "logged"),
    [
        ("rt_" + "A" * 43, "[redacted]"),
        ("%72t_" + "A" * 43, "[redacted]"),
        ("%65yJhbGciOiJIUzI1NiJ9.e30.%C3%A4", "[redacted]%C3%A4"),
        ("https:%2F%2Fada:hunter2%40db", "https://[redacted]@db"),
        ("%24argon2id%24v=19", "[redacted]"),
    ],
)
async def test_secret_in_a_path_is_redacted_however_it_is_encoded(
    client: httpx.AsyncClient, log_file: Path, secret: str, logged: str
) -> None:
    response = await client.get(f"/api/{secret}")

    line = await access_line(log_file, response.headers["x-request-id"])
    assert line["path"] == f"/api/{logged}"


@pytest.mark.parametrize("unit", [b'"', b"\\", b"%01", b"%C2%9B", b"%", b"~"])
async def test_access_line_fits_into_an_atomic_write(app: Litestar, log_file: Path, unit: bytes) -> None:
    """Otherwise the lines of two workers could mix."""
    request_id = secrets.token_hex(32)
    head = b"GET /%s HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: %s\r\n\r\n"
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(head % (unit * (4000 // len(unit)), request_id.encode()))
        await wire.response()

    assert len(await encoded_access_line(log_file, request_id)) < MAX_WRITE_BYTES


async def test_all_log_lines_of_a_request_have_its_id(user_factory: UserFactory, log_file: Path) -> None:
    ada = await user_factory()
    ada.headers["X-Request-ID"] = "all-lines-of-one-login"

    await ada.log_in()

    lines = await lines_of_request(log_file, "all-lines-of-one-login")
    assert [line["event"] for line in lines] == ["login:succeeded", "request:completed"]
    assert {line["request_id"] for line in lines} == {"all-lines-of-one-login"}
