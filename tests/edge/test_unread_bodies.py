"""Responses to requests whose body the application does not read, and where the next request begins.

A client that sends `Expect: 100-continue` and receives the final response at once may send its next request instead of
the body (RFC 9110 §10.1.1), so the server cannot know where that request begins (CWE-444). It closes the connection.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest
from litestar import Litestar
from litestar.types import ASGIApp, HTTPRequestEvent, Receive, Scope, Send

from auth_api.kit.clock import utc_now
from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.http.cors import CorsPolicy
from auth_api.kit.http.edge import EdgeMiddleware
from auth_api.kit.http.error_documents import ErrorDocuments
from auth_api.kit.http.error_responses import ErrorResponses
from auth_api.kit.http.request_cycle import EdgeConfig
from auth_api.kit.http.request_screening import RequestScreening
from auth_api.kit.http.security_headers import SecurityHeaders
from auth_api.kit.http.token_transport import RefreshCookie, TokenTransport
from tests.support.waiting import until
from tests.support.wire import Wire, WireServer, wire_server

pytestmark = pytest.mark.engine_independent

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = b"abc" + LIVE
"""A body that contains a request."""

LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
EXPECT = b"Expect: 100-continue\r\n"
ORIGIN = b"Origin: https://app.example.com\r\n"
JSON = b"Content-Type: application/json\r\n"

REQUESTS = {
    "GET with a body": (200, b"GET /health/live", b""),
    "preflight": (204, b"OPTIONS /api/auth/login", ORIGIN + b"Access-Control-Request-Method: POST\r\n"),
    "no token": (401, b"POST /api/user/password", JSON),
    "unknown route": (404, b"POST /nowhere", JSON),
    "unknown method": (405, b"DELETE /api/auth/login", JSON),
    "upgrade": (404, b"POST /nowhere", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    "two hosts": (400, b"POST /api/auth/login", b"Host: localhost\r\n" + JSON),
}

STATUSES = [200, 204, 304, 400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503]


def head(line: bytes, *headers: bytes) -> bytes:
    return b"%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (line, b"".join(headers))


@dataclass
class Responder:
    """An application that responds to every request; at paths in `/health`, the edge replaces no error responses.

    Attributes:
        status: the status of all responses.
        reads_body: whether it reads the body first.
        is_due: whether it may respond.
        paths: the paths of all requests.
    """

    status: int
    reads_body: bool = False
    is_due: Callable[[], bool] = lambda: True
    paths: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond without a body."""
        self.paths.append(scope["path"])
        if self.reads_body:
            while cast("HTTPRequestEvent", await receive())["more_body"]:
                pass
        await until(self.is_due)
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def edge_around(app: ASGIApp) -> EdgeMiddleware:
    resolver = ClientIpResolver([])
    security = SecurityHeaders(https_only=False)
    config = EdgeConfig(
        errors=ErrorResponses(documents=ErrorDocuments(clock=utc_now)),
        cors=CorsPolicy([]),
        client_ip_resolver=resolver,
        security=security,
        token_transport=TokenTransport(
            cookie=RefreshCookie(public_url="https://auth.example.com", is_production=True), origins=frozenset()
        ),
    )
    return EdgeMiddleware(app, config=config, screening=RequestScreening(resolver), timeout=300)


async def assert_closes(server: WireServer, wire: Wire, status: int) -> None:
    """Assert that this is the last response of the connection, and that what the client sends then is ignored."""
    response = await wire.response()
    assert (response.status_code, response.headers["connection"]) == (status, "close")
    wire.writer.write(LIVE)
    assert await wire.rest() == b""
    await until(lambda: not server.state.tasks)


@pytest.mark.parametrize(("status", "line", "headers"), REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunked"])
async def test_early_response_to_a_request_that_expects_100_continue_closes_the_connection(
    app: Litestar, status: int, line: bytes, headers: bytes, framing: bytes
) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(head(line, headers, framing, EXPECT))

        await assert_closes(server, wire, status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"DELETE"])
async def test_early_response_of_any_status_closes_the_connection(status: int, method: bytes) -> None:
    responder = Responder(status)
    async with wire_server(edge_around(responder)) as server, server.wire() as wire:
        await wire.send(head(method + b" /health/x", LENGTH, EXPECT))

        await assert_closes(server, wire, status)
    assert responder.paths == ["/health/x"]


@pytest.mark.parametrize(
    "expect",
    [b"EXPECT: 100-Continue", b"expect:100-continue", b"Expect: 100-continue, other", b"Expect: other", b"Expect: "],
)
async def test_every_value_of_expect_closes_the_connection(expect: bytes) -> None:
    async with wire_server(edge_around(Responder(404))) as server, server.wire() as wire:
        await wire.send(head(b"POST /health/x", LENGTH, expect + b"\r\n"))

        await assert_closes(server, wire, 404)


async def test_request_hidden_behind_an_awaited_body_is_not_handled() -> None:
    """The first response closes the connection while the second request already waits for its turn."""
    responder = Responder(404)
    async with wire_server(edge_around(responder)) as server, server.wire() as wire:
        responder.is_due = lambda: any(connection.pipeline for connection in server.state.connections)  # type: ignore[union-attr]
        await wire.send(head(b"POST /health/x", b"Content-Length: 3\r\n", EXPECT))
        await until(lambda: bool(responder.paths))
        await wire.send(b"abc", head(b"POST /health/hidden", b"Content-Length: 0\r\n"))

        await assert_closes(server, wire, 404)
    assert responder.paths == ["/health/x"]


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunked"])
async def test_body_that_was_asked_for_keeps_the_connection_open(framing: bytes) -> None:
    responder = Responder(200, reads_body=True)
    async with wire_server(edge_around(responder)) as server, server.wire() as wire:
        await wire.send(head(b"POST /health/x", framing, EXPECT))
        assert (await wire.response()).status_code == 100
        await wire.send(BODY if framing == LENGTH else CHUNKS)

        response = await wire.response()

        assert (response.status_code, response.headers.get("connection")) == (200, None)
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200
    assert responder.paths == ["/health/x", "/health/live"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", [BODY, CHUNKS], ids=["length", "chunked"])
async def test_body_that_follows_an_early_response_is_not_parsed_as_a_request(status: int, body: bytes) -> None:
    responder = Responder(status)
    framing = LENGTH if body == BODY else CHUNKED
    async with wire_server(edge_around(responder)) as server, server.wire() as wire:
        await wire.send(head(b"POST /health/x", framing), body[:5])

        response = await wire.response()

        assert (response.status_code, response.headers.get("connection")) == (status, None)
        await wire.send(body[5:20], body[20:], head(b"GET /health/next"))
        assert (await wire.response()).status_code == status
    assert responder.paths == ["/health/x", "/health/next"]
