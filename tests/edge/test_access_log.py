"""The access log: one flat line per request, without the query string and without secrets."""

from pathlib import Path

import httpx
import pytest

from tests.conftest import CLIENT_IP, UserFactory
from tests.support.log_lines import access_line, lines_of_request

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


async def test_path_cannot_inject_log_lines(client: httpx.AsyncClient, log_file: Path) -> None:
    response = await client.get('/api/x%0A{"event":"request:completed","forged":1}')

    line = await access_line(log_file, response.headers["x-request-id"])
    assert line["path"] == '/api/x\n{"event":"request:completed","forged":1}'
    assert "forged" not in line


async def test_all_log_lines_of_a_request_have_its_id(user_factory: UserFactory, log_file: Path) -> None:
    ada = await user_factory()
    ada.headers["X-Request-ID"] = "all-lines-of-one-login"

    await ada.log_in()

    lines = await lines_of_request(log_file, "all-lines-of-one-login")
    assert [line["event"] for line in lines] == ["login:succeeded", "request:completed"]
    assert {line["request_id"] for line in lines} == {"all-lines-of-one-login"}
