"""What an address offers: `Allow`, HEAD wherever GET is, OPTIONS for preflights alone."""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.types import Message

from tests.conftest import UserFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

ALLOWED = {
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
@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items(), ids=ALLOWED)
async def test_a_method_that_is_not_offered_is_answered_with_those_that_are(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert_problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers.get_list("allow") == [allowed]


async def test_head_is_not_offered_where_get_is_not(client: httpx.AsyncClient) -> None:
    response = await client.head("/api/auth/login")

    assert (response.status_code, response.headers["allow"], response.content) == (405, "POST", b"")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "BREW"])
async def test_an_unknown_address_is_unknown_by_any_method(client: httpx.AsyncClient, method: str) -> None:
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
async def test_head_answers_what_get_answers_but_for_the_body(client: httpx.AsyncClient, path: str) -> None:
    """RFC 9110 §9.3.2. The same request id makes even the envelopes equally long."""
    headers = {"X-Request-ID": "the-same", "Origin": "https://app.example.com"}

    by_get = await client.get(path, headers=headers)
    by_head = await client.head(path, headers=headers)

    assert by_head.content == b""
    assert (by_head.status_code, by_head.headers) == (by_get.status_code, by_get.headers)


async def test_head_is_sent_without_a_body_whatever_the_server_would_leave_out(app: Litestar) -> None:
    """The client above drops such a body itself, so the messages are looked at."""
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


async def test_head_checks_the_token(user_factory: UserFactory) -> None:
    ada = await user_factory()

    with_token = await ada.call("HEAD", "/api/user/profile")
    await ada.log_out()
    after_logout = await ada.call("HEAD", "/api/user/profile")

    assert (with_token.status, with_token.response.content) == (200, b"")
    assert (after_logout.status, after_logout.response.content) == (401, b"")
    assert after_logout.response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
