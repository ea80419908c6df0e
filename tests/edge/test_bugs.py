"""Bugs: a problem document for the client and a traceback in the log, with the same request id."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import get, post
from litestar.di import Provide
from litestar.exceptions import HTTPException, LitestarException, ValidationException
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import ASGIApp, Receive, Scope, Send

from auth_api.kit.clock import utc_now
from auth_api.kit.http.access import PUBLIC
from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.http.cors import CorsPolicy
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.edge import EdgeMiddleware
from auth_api.kit.http.error_documents import ErrorDocuments
from auth_api.kit.http.error_responses import ErrorResponses
from auth_api.kit.http.request_cycle import EdgeConfig
from auth_api.kit.http.request_screening import RequestScreening
from auth_api.kit.http.security_headers import SecurityHeaders
from auth_api.kit.http.token_transport import RefreshCookie, TokenTransport
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.log_lines import lines_of_request
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

BUG = 'SELECT "hunter2" FROM /srv/app/secrets.py'
ORIGIN = "https://app.example.com"


class Unserializable:
    """A value that cannot be encoded as JSON."""


def break_middleware(app: ASGIApp) -> ASGIApp:
    async def middleware(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError(BUG)

    return middleware


def break_dependency() -> str:
    raise KeyError(BUG)


def break_guard(_connection: Any, _handler: Any) -> None:
    raise ZeroDivisionError(BUG)


@get("/broken/handler", access=PUBLIC)
async def broken_handler() -> None:
    raise RuntimeError(BUG)


@post("/broken/plain-handler", access=PUBLIC, sync_to_thread=True)
def broken_plain_handler() -> None:
    raise OSError(BUG)


@get("/broken/middleware", access=PUBLIC, middleware=[break_middleware])
async def broken_middleware() -> None: ...


@get("/broken/guard", access=PUBLIC, guards=[break_guard])
async def broken_guard() -> None: ...


@get(
    "/broken/dependency",
    access=PUBLIC,
    dependencies={"part": Provide(break_dependency, sync_to_thread=False)},
)
async def broken_dependency(part: Injected[str]) -> None: ...


@get("/broken/response", access=PUBLIC)
async def broken_response() -> dict[str, Any]:
    return {"value": Unserializable()}


@get("/broken/stream", access=PUBLIC)
async def broken_stream() -> Stream:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError(BUG)

    return Stream(chunks())


@get("/foreign/{status:int}", access=PUBLIC)
async def foreign_error(status: FromPath[int]) -> None:
    raise HTTPException(status_code=status, detail=BUG, headers={"X-Leak": BUG}, extra={"leak": BUG})


@get("/foreign/validation", access=PUBLIC)
async def foreign_validation() -> None:
    raise ValidationException(BUG, extra=[{"message": BUG}])


@get("/foreign/query", access=PUBLIC)
async def foreign_query(number: FromQuery[int]) -> None: ...


HANDLERS = (
    broken_handler,
    broken_plain_handler,
    broken_middleware,
    broken_guard,
    broken_dependency,
    broken_response,
    broken_stream,
    foreign_error,
    foreign_validation,
    foreign_query,
)


def register_bugs(other: OtherApp) -> None:
    for handler in HANDLERS:
        other.app.register(handler)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/broken/handler"),
        ("POST", "/broken/plain-handler"),
        ("GET", "/broken/middleware"),
        ("GET", "/broken/guard"),
        ("GET", "/broken/dependency"),
        ("GET", "/broken/response"),
    ],
)
async def test_bug_is_an_internal_error_without_details(
    app_with: OtherAppFactory, log_file: Path, method: str, path: str
) -> None:
    async with app_with() as other:
        register_bugs(other)
        response = await other.client.request(method, path, headers={"Origin": ORIGIN})

    problem = assert_problem(response, 500, "INTERNAL_ERROR")
    assert problem["detail"] == "An internal error occurred."
    assert "hunter2" not in f"{response.headers}{response.text}"
    assert response.headers["access-control-allow-origin"] == ORIGIN
    traces = [
        line["exception"]
        for line in await lines_of_request(log_file, problem["request_id"])
        if line["level"] == "ERROR" and "exception" in line
    ]
    assert len(traces) == 1
    assert "Traceback" in traces[0]


async def test_bug_after_the_first_byte_aborts_the_response(app_with: OtherAppFactory) -> None:
    """A request has only one response, so the server must close the connection."""
    async with app_with() as other:
        register_bugs(other)

        with pytest.raises(LitestarException, match="after response started"):
            await other.client.get("/broken/stream")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/foreign/400", 400, "MALFORMED_REQUEST"),
        ("/foreign/403", 403, "PERMISSION_DENIED"),
        ("/foreign/404", 404, "NOT_FOUND"),
        ("/foreign/413", 413, "PAYLOAD_TOO_LARGE"),
        ("/foreign/415", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("/foreign/418", 500, "INTERNAL_ERROR"),
        ("/foreign/500", 500, "INTERNAL_ERROR"),
        ("/foreign/503", 500, "INTERNAL_ERROR"),
        ("/foreign/validation", 400, "MALFORMED_REQUEST"),
        ("/foreign/query?number=hunter2", 400, "MALFORMED_REQUEST"),
        ("/foreign/query", 400, "MALFORMED_REQUEST"),
    ],
)
async def test_error_of_the_framework_has_a_text_of_our_own(
    app_with: OtherAppFactory, path: str, status: int, code: str
) -> None:
    async with app_with() as other:
        register_bugs(other)
        response = await other.client.get(path)

    assert_problem(response, status, code)
    assert "hunter2" not in f"{response.headers}{response.text}"
    assert "x-leak" not in response.headers


def edge_around(app: ASGIApp, origins: list[str]) -> EdgeMiddleware:
    """Return the edge around another ASGI application."""
    resolver = ClientIpResolver([])
    config = EdgeConfig(
        errors=ErrorResponses(documents=ErrorDocuments(clock=utc_now)),
        cors=CorsPolicy(origins),
        client_ip_resolver=resolver,
        security=SecurityHeaders(https_only=False),
        token_transport=TokenTransport(
            cookie=RefreshCookie(public_url="https://auth.example.com", is_production=True), origins=frozenset()
        ),
    )
    return EdgeMiddleware(app, config=config, screening=RequestScreening(resolver), timeout=300)


def edge_client(app: ASGIApp) -> httpx.AsyncClient:
    """Return a client of the edge around another ASGI application."""
    edge = edge_around(app, [ORIGIN])
    transport = httpx.ASGITransport(app=cast("Any", edge))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"Origin": ORIGIN})


async def test_bug_outside_of_the_framework_is_a_problem_document(log_file: Path) -> None:
    async def crash(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError(BUG)

    async with edge_client(crash) as client:
        response = await client.get("/api/user/profile")

    problem = assert_problem(response, 500, "INTERNAL_ERROR")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    lines = await lines_of_request(log_file, problem["request_id"])
    assert [line["level"] for line in lines] == ["ERROR", "INFO"]
    assert "hunter2" in lines[0]["exception"]


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [(404, 404, "NOT_FOUND"), (405, 405, "METHOD_NOT_ALLOWED"), (502, 500, "INTERNAL_ERROR")],
)
async def test_bare_error_response_becomes_a_problem_document(status: int, expected: int, code: str) -> None:
    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/html"), (b"allow", b"GET,OPTIONS")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"<h1>hunter2", "more_body": True})
        await send({"type": "http.response.body", "body": b"</h1>", "more_body": False})

    async with edge_client(respond) as client:
        response = await client.get("/api/user/profile")

    assert_problem(response, expected, code)
    assert response.headers.get("allow") == ("GET, HEAD" if status == 405 else None)
    assert "hunter2" not in response.text


async def test_request_of_a_disconnected_client_is_logged_with_status_499(log_file: Path) -> None:
    async def silence(_scope: Scope, _receive: Receive, _send: Send) -> None: ...

    edge = edge_around(silence, [])
    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": "/api/user/profile",
        "query_string": b"",
        "headers": [(b"x-request-id", b"client-gone")],
    }
    await edge(scope, cast("Any", None), cast("Any", None))

    (line,) = await lines_of_request(log_file, "client-gone")
    assert (line["status"], line["client_ip"]) == (499, None)
