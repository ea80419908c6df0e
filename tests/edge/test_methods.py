"""Methods: `Allow`, HEAD for every GET, and OPTIONS only for CORS preflights."""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.types import Message

from tests.conftest import UserFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

ALLOW_HEADERS = {
    "/api/auth/register": "POST",
    "/api/auth/login": "POST",
    "/api/auth/refresh": "POST",
    "/api/auth/logout": "POST",
    "/api/auth/logout-all": "POST",
    "/api/user/profile": "GET, HEAD, PATCH",
    "/api/user/delete": "POST",
    "/health/live": "GET, HEAD",
    "/health/ready": "GET, HEAD",
    "/.well-known/jwks.json": "GET, HEAD",
    "/schema/swagger": "GET, HEAD",
    "/schema/redoc": "GET, HEAD",
    "/schema/openapi.json": "GET, HEAD",
    "/schema/assets/redoc.standalone.js": "GET, HEAD",
    "/docs": "GET, HEAD",
    "/redoc": "GET, HEAD",
}


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "TRACE", "BREW"])
@pytest.mark.parametrize(("path", "allowed"), ALLOW_HEADERS.items(), ids=ALLOW_HEADERS)
async def test_unsupported_method_is_405_with_the_supported_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert_problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers.get_list("allow") == [allowed]


async def test_head_is_unsupported_without_get(client: httpx.AsyncClient) -> None:
    response = await client.head("/api/auth/login")

    assert (response.status_code, response.headers["allow"], response.content) == (405, "POST", b"")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "BREW"])
async def test_unknown_path_is_404_for_every_method(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/api/nope")

    assert_problem(response, 404, "NOT_FOUND")
    assert "allow" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/health/ready",
        "/.well-known/jwks.json",
        "/schema/swagger",
        "/schema/redoc",
        "/schema/openapi.json",
        "/schema/assets/swagger-ui.css",
        "/docs",
        "/api/user/profile",
        "/api/auth/login",
        "/api/nope",
    ],
)
async def test_head_has_the_status_and_headers_of_get_without_a_body(client: httpx.AsyncClient, path: str) -> None:
    """RFC 9110 §9.3.2. With the same request id, the problem documents have the same length, too."""
    headers = {"X-Request-ID": "the-same", "Origin": "https://app.example.com"}

    by_get = await client.get(path, headers=headers)
    by_head = await client.head(path, headers=headers)

    assert by_head.content == b""
    assert (by_head.status_code, by_head.headers) == (by_get.status_code, by_get.headers)


async def test_application_sends_no_body_for_head(app: Litestar) -> None:
    """The HTTP client of the other tests drops the body itself, so this test checks the ASGI messages."""
    sent: list[Message] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "HEAD",
        "path": "/health/live",
        "raw_path": b"/health/live",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "server": ("testserver", 80),
    }
    await app(scope, receive, send)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1].get("body", b"") == b""


async def test_head_verifies_the_token(user_factory: UserFactory) -> None:
    ada = await user_factory()

    with_token = await ada.call("HEAD", "/api/user/profile")
    await ada.log_out()
    after_logout = await ada.call("HEAD", "/api/user/profile")

    assert (with_token.status, with_token.response.content) == (200, b"")
    assert (after_logout.status, after_logout.response.content) == (401, b"")
    assert after_logout.response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
