"""What is refused before anything is done for it: ambiguous requests, and http where only https may be."""

import httpx
import pytest

from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory
from tests.support.actors import ApiResponse
from tests.support.statements import recorded

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"
BODY = b'{"username": "nobody", "password": "whatever"}'
JSON = ("Content-Type", "application/json")
LENGTH = ("Content-Length", str(len(BODY)))


async def send(client: httpx.AsyncClient, *headers: tuple[str, str]) -> ApiResponse:
    """Send the headers as they are; httpx adds a Host only where there is none."""
    request = httpx.Request("POST", f"http://testserver{LOGIN}", headers=list(headers), content=BODY)
    request.headers = httpx.Headers(list(headers))
    return ApiResponse(await client.send(request))


@pytest.mark.parametrize(
    "twice",
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
async def test_a_request_that_can_be_read_in_two_ways_is_refused(
    client: httpx.AsyncClient, twice: list[tuple[str, str]]
) -> None:
    """ASVS 5.0 V4.2.1; RFC 9112 §3.2, §6.3: whoever stands in front may have read it in the other way."""
    response = await send(client, *twice)

    assert response.outcome == (400, "MALFORMED_REQUEST")
    assert response.response.headers["Connection"] == "close"


async def test_http_1_1_without_a_host_is_refused(client: httpx.AsyncClient) -> None:
    """RFC 9112 §3.2."""
    response = await send(client, LENGTH, JSON)

    assert response.outcome == (400, "MALFORMED_REQUEST")


async def test_other_headers_may_come_several_times(client: httpx.AsyncClient) -> None:
    response = await send(client, ("Host", "testserver"), LENGTH, JSON, ("Accept", "a/b"), ("Accept", "c/d"))

    assert response.outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("extra", [("Content-Length", "1"), ("Transfer-Encoding", "chunked")])
async def test_a_preflight_is_no_way_around_that(client: httpx.AsyncClient, extra: tuple[str, str]) -> None:
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


async def login_by(other: OtherApp, scheme: str) -> ApiResponse:
    """Log in as the proxy would pass it on; what is refused here asks the database nothing."""
    body = {"username": "nobody", "password": "whatever"}
    with recorded(other.services.database.engine) as statements:
        response = ApiResponse(await other.client.post(LOGIN, json=body, headers={"X-Forwarded-Proto": scheme}))
    assert bool(statements) == (response.status != 403)
    return response


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
async def test_in_production_what_came_to_the_proxy_by_http_is_refused(
    production: OtherAppFactory, scheme: str
) -> None:
    async with production() as other:
        response = await login_by(other, scheme)

    assert response.outcome == (403, "HTTPS_REQUIRED")


async def test_in_production_what_came_to_the_proxy_by_https_is_served(production: OtherAppFactory) -> None:
    async with production() as other:
        response = await login_by(other, "https")

    assert response.outcome == (401, "INVALID_CREDENTIALS")


async def test_who_comes_past_the_proxy_cannot_say_how(production: OtherAppFactory) -> None:
    async with production(TRUSTED_PROXIES="10.0.0.0/8") as other:
        response = await login_by(other, "http")

    assert response.outcome == (401, "INVALID_CREDENTIALS")


async def test_a_probe_may_come_by_http(production: OtherAppFactory) -> None:
    async with production() as other:
        response = await other.client.get("/health/ready", headers={"X-Forwarded-Proto": "http"})

    assert response.status_code == 200


async def test_outside_of_production_http_will_do(app_with: OtherAppFactory) -> None:
    async with app_with(TRUSTED_PROXIES=CLIENT_IP) as other:
        response = await login_by(other, "http")

    assert response.outcome == (401, "INVALID_CREDENTIALS")
