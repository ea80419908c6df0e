"""Requests that are refused by their head: ambiguous ones, and plain HTTP in production."""

import httpx
import pytest

from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory
from tests.support.actors import ApiResponse
from tests.support.statements import recorded

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"
BODY = b'{"username": "unknown", "password": "whatever"}'
JSON = ("Content-Type", "application/json")
LENGTH = ("Content-Length", str(len(BODY)))


async def send(client: httpx.AsyncClient, *headers: tuple[str, str]) -> ApiResponse:
    """Send exactly these headers."""
    request = httpx.Request("POST", f"http://testserver{LOGIN}", headers=list(headers), content=BODY)
    request.headers = httpx.Headers(list(headers))
    return ApiResponse(await client.send(request))


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "testserver"), LENGTH, LENGTH, JSON],
        [("Host", "testserver"), LENGTH, ("Content-Length", "1"), JSON],
        [("Host", "testserver"), ("Host", "testserver"), LENGTH, JSON],
        [("Host", "testserver"), ("host", "evil.example.com"), LENGTH, JSON],
        [("Host", "testserver"), LENGTH, JSON, JSON],
        [("Host", "testserver"), LENGTH, JSON, ("content-type", "text/plain")],
        [("Host", "testserver"), ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "identity"), JSON],
        [("Host", "testserver"), LENGTH, ("Transfer-Encoding", "chunked"), JSON],
    ],
)
async def test_ambiguous_request_is_refused(client: httpx.AsyncClient, headers: list[tuple[str, str]]) -> None:
    """A proxy may have read the request differently (ASVS 5.0 V4.2.1; RFC 9112 §3.2, §6.3)."""
    response = await send(client, *headers)

    assert response.outcome == (400, "MALFORMED_REQUEST")
    assert response.response.headers["Connection"] == "close"


async def test_http_1_1_request_without_host_is_refused(client: httpx.AsyncClient) -> None:
    """RFC 9112 §3.2."""
    response = await send(client, LENGTH, JSON)

    assert response.outcome == (400, "MALFORMED_REQUEST")


async def test_other_headers_may_be_repeated(client: httpx.AsyncClient) -> None:
    response = await send(client, ("Host", "testserver"), LENGTH, JSON, ("Accept", "a/b"), ("Accept", "c/d"))

    assert response.outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("extra", [("Content-Length", "1"), ("Transfer-Encoding", "chunked")])
async def test_ambiguous_preflight_is_refused(client: httpx.AsyncClient, extra: tuple[str, str]) -> None:
    headers = [
        ("Host", "testserver"),
        ("Content-Length", "0"),
        extra,
        ("Origin", "https://app.example.com"),
        ("Access-Control-Request-Method", "POST"),
    ]
    request = httpx.Request("OPTIONS", f"http://testserver{LOGIN}")
    request.headers = httpx.Headers(headers)

    response = ApiResponse(await client.send(request))

    assert response.outcome == (400, "MALFORMED_REQUEST")


async def log_in_over(other: OtherApp, scheme: str) -> ApiResponse:
    """Log in as through a proxy. A refused request makes no database query."""
    body = {"username": "unknown", "password": "whatever"}
    with recorded(other.services.core.database.engine) as statements:
        response = ApiResponse(await other.client.post(LOGIN, json=body, headers={"X-Forwarded-Proto": scheme}))
    assert bool(statements) == (response.status != 403)
    return response


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
async def test_request_over_plain_http_is_refused_in_production(production: OtherAppFactory, scheme: str) -> None:
    async with production() as other:
        response = await log_in_over(other, scheme)

    assert response.outcome == (403, "HTTPS_REQUIRED")


async def test_request_over_https_is_served_in_production(production: OtherAppFactory) -> None:
    async with production() as other:
        response = await log_in_over(other, "https")

    assert response.outcome == (401, "INVALID_CREDENTIALS")


async def test_forwarded_scheme_of_an_untrusted_peer_is_ignored(production: OtherAppFactory) -> None:
    async with production(TRUSTED_PROXIES="10.0.0.0/8") as other:
        response = await log_in_over(other, "http")

    assert response.outcome == (401, "INVALID_CREDENTIALS")


async def test_probe_over_plain_http_is_served_in_production(production: OtherAppFactory) -> None:
    async with production() as other:
        response = await other.client.get("/health/ready", headers={"X-Forwarded-Proto": "http"})

    assert response.status_code == 200


async def test_request_over_plain_http_is_served_outside_of_production(app_with: OtherAppFactory) -> None:
    async with app_with(TRUSTED_PROXIES=CLIENT_IP) as other:
        response = await log_in_over(other, "http")

    assert response.outcome == (401, "INVALID_CREDENTIALS")
