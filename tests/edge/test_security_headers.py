"""Security headers of all responses (ASVS 5.0 V3.4)."""

from typing import Any

import httpx
import pytest
from litestar import get

from auth_api.kit.http.access import PUBLIC
from tests.conftest import OtherApp, OtherAppFactory

pytestmark = pytest.mark.engine_independent

ORIGIN = "https://app.example.com"
ALWAYS = {
    "x-content-type-options": ["nosniff"],
    "referrer-policy": ["no-referrer"],
    "x-frame-options": ["DENY"],
    "strict-transport-security": [],
    "server": [],
    "x-powered-by": [],
}
NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'"
JSON = {"Content-Type": "application/json"}
REGISTRATION = {"email": "ada@example.com", "username": "ada", "password": "Correct-Horse-7-Staple"}

Request = tuple[str, str, dict[str, Any]]

API: dict[int, list[Request]] = {
    201: [("POST", "/api/auth/register", {"json": REGISTRATION})],
    204: [
        (
            "OPTIONS",
            "/api/auth/login",
            {"headers": {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}},
        )
    ],
    400: [
        ("POST", "/api/auth/login", {"content": b"{", "headers": JSON}),
        ("POST", "/api/auth/login", {"json": {}}),
        ("POST", "/api/auth/login", {"content": b"{}", "headers": [("Content-Type", "a/b"), ("Content-Type", "a/b")]}),
    ],
    401: [
        ("POST", "/api/auth/login", {"json": {"username": "unknown", "password": "x"}}),
        ("GET", "/api/user/profile", {}),
        ("HEAD", "/api/user/profile", {}),
        ("GET", "/api//user/profile/", {}),
        ("GET", "http://testserver//api/user/profile", {}),
        ("GET", "/%61pi/user/profile", {}),
    ],
    403: [
        (
            "OPTIONS",
            "/api/auth/login",
            {"headers": {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}},
        )
    ],
    404: [("GET", "/api/nope", {})],
    405: [("GET", "/api/auth/login", {}), ("OPTIONS", "/api/auth/login", {}), ("BREW", "/api/auth/login", {})],
    413: [("POST", "/api/auth/login", {"content": b" " * 65537, "headers": JSON})],
    414: [("GET", "/api/user/profile?" + "x" * 4096, {})],
    415: [("POST", "/api/auth/login", {"content": b"<a/>", "headers": {"Content-Type": "text/xml"}})],
    431: [("GET", "/api/user/profile", {"headers": {"X-Long": "x" * 17000}})],
    500: [("GET", "/api/broken", {})],
}
OUTSIDE: dict[int, list[Request]] = {
    200: [("GET", "/.well-known/jwks.json", {}), ("GET", "/health/live", {}), ("GET", "/health/ready", {})],
    404: [("GET", "/", {}), ("GET", "/favicon.ico", {}), ("GET", "/apidocs", {})],
    405: [("POST", "/health/live", {})],
    414: [("GET", "/?" + "x" * 4096, {})],
    500: [("GET", "/broken", {})],
}


@get(["/api/broken", "/broken"], access=PUBLIC, sync_to_thread=False)
def broken() -> None:
    raise LookupError


def flat(table: dict[int, list[Request]]) -> list[Any]:
    return [
        pytest.param(status, request, id=f"{status} {request[0]} {request[1][:40]}")
        for status, requests in table.items()
        for request in requests
    ]


async def send(other: OtherApp, method: str, path: str, arguments: dict[str, Any]) -> httpx.Response:
    """Send a request to an application in which two paths have a bug."""
    other.app.register(broken)
    return await other.client.request(method, path, **arguments)


@pytest.fixture
async def response(
    client: httpx.AsyncClient, app_with: OtherAppFactory, status: int, request_arguments: Request
) -> httpx.Response:
    """The response of the shared application, or for status 500 of one that has a bug."""
    method, path, arguments = request_arguments
    if status != 500:
        return await client.request(method, path, **arguments)
    async with app_with() as other:
        return await send(other, method, path, arguments)


def headers_of(response: httpx.Response, *names: str) -> dict[str, list[str]]:
    return {name: response.headers.get_list(name) for name in names}


@pytest.mark.parametrize(("status", "request_arguments"), flat(API))
async def test_api_response_forbids_storing_framing_sniffing_and_scripts(response: httpx.Response, status: int) -> None:
    assert response.status_code == status
    assert headers_of(response, *ALWAYS) == ALWAYS
    assert headers_of(response, "content-security-policy", "cache-control") == {
        "content-security-policy": [NO_CONTENT_POLICY],
        "cache-control": ["no-store"],
    }


@pytest.mark.parametrize(("status", "request_arguments"), flat(OUTSIDE))
async def test_response_outside_of_the_api_forbids_framing_sniffing_and_scripts(
    response: httpx.Response, status: int
) -> None:
    assert response.status_code == status
    assert headers_of(response, *ALWAYS) == ALWAYS
    assert response.headers.get_list("content-security-policy") == [NO_CONTENT_POLICY]


@pytest.mark.parametrize("path", ["/schema/swagger", "/schema/redoc"])
async def test_documentation_page_allows_only_its_own_scripts(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    (policy,) = response.headers.get_list("content-security-policy")
    directives = {name: sources for name, _, sources in (part.strip().partition(" ") for part in policy.split(";"))}
    assert response.status_code == 200
    assert headers_of(response, *ALWAYS) == ALWAYS
    assert directives["default-src"] == directives["frame-ancestors"] == directives["form-action"] == "'none'"
    assert directives["connect-src"] == "'self'"
    assert "http" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("path", ["/schema/openapi.json", "/schema/assets/swagger-ui.css", "/schema/nope", "/docs"])
async def test_documentation_file_forbids_sniffing_and_framing(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert headers_of(response, *ALWAYS) == ALWAYS
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("status", "method", "path", "arguments"),
    [
        (200, "GET", "/.well-known/jwks.json", {}),
        (401, "GET", "/api/user/profile", {}),
        (403, "GET", "/api/user/profile", {"headers": {"X-Forwarded-Proto": "http"}}),
        (404, "GET", "/schema/swagger", {}),
        (405, "GET", "/api/auth/login", {}),
        (500, "GET", "/broken", {}),
    ],
)
async def test_hsts_is_sent_in_production(
    production: OtherAppFactory, status: int, method: str, path: str, arguments: dict[str, Any]
) -> None:
    """ASVS 5.0 V3.4.1: for at least one year."""
    async with production() as other:
        response = await send(other, method, path, arguments)

    (value,) = response.headers.get_list("strict-transport-security")
    assert response.status_code == status
    assert int(value.partition(";")[0].removeprefix("max-age=")) >= 365 * 24 * 60 * 60
    assert headers_of(response, *ALWAYS) == {**ALWAYS, "strict-transport-security": [value]}


async def test_rate_limited_response_has_the_headers(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1") as other:
        body = {"username": "unknown", "password": "x"}
        response = [await other.client.post("/api/auth/login", json=body) for _ in range(2)][-1]

    assert response.status_code == 429
    assert headers_of(response, *ALWAYS) == ALWAYS
    assert headers_of(response, "content-security-policy", "cache-control") == {
        "content-security-policy": [NO_CONTENT_POLICY],
        "cache-control": ["no-store"],
    }
