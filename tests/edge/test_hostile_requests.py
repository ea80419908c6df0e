"""Malformed and oversized requests: a problem document, a closed connection, and bounded memory."""

import asyncio
from pathlib import Path

import pytest
from litestar import Litestar

from auth_api.server.http_protocol import MAX_ENCODED_BODY_BYTES, MAX_PIPELINED_REQUESTS
from auth_api.server.lingering_transport import LINGER_BYTES
from tests.support.log_lines import access_line
from tests.support.problems import assert_problem
from tests.support.waiting import until
from tests.support.wire import wire_server

pytestmark = pytest.mark.engine_independent

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
HOST = b"Host: localhost\r\nX-Request-ID: hostile\r\nOrigin: https://app.example.com\r\n"
LOGIN = b"POST /api/auth/login HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"400\r\n" + b" " * 1024 + b"\r\n"

HOSTILE = {
    "not-http": (b"hello\r\n\r\n", 400, "MALFORMED_REQUEST"),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "MALFORMED_REQUEST"),
    "connect": (b"CONNECT localhost:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "MALFORMED_REQUEST"),
    "5000-headers": (
        b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"a%d: b\r\n" % number for number in range(5000)) + b"\r\n",
        431,
        "HEADERS_TOO_LARGE",
    ),
    "101-headers": (
        b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"a%d: b\r\n" % number for number in range(98)) + b"\r\n",
        431,
        "HEADERS_TOO_LARGE",
    ),
    "header-of-1-mb": (b"GET / HTTP/1.1\r\n" + HOST + b"a: " + b"b" * 1_000_000, 431, "HEADERS_TOO_LARGE"),
    "header-name-of-1-mb": (b"GET / HTTP/1.1\r\n" + HOST + b"b" * 1_000_000, 431, "HEADERS_TOO_LARGE"),
    "url-of-5-kb": (b"GET /" + b"a" * 5_000, 414, "URI_TOO_LONG"),
    "url-of-1-mb": (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, "URI_TOO_LONG"),
    "body-of-1-gb": (LOGIN + b"Content-Length: 1000000000\r\n\r\n" + b" " * 100_000, 413, "PAYLOAD_TOO_LARGE"),
    "body-of-1-gb-for-an-unknown-path": (
        b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000000\r\n\r\n",
        413,
        "PAYLOAD_TOO_LARGE",
    ),
    "endless-chunks": (LOGIN + CHUNKED + CHUNK * 400, 413, "PAYLOAD_TOO_LARGE"),
    "endless-chunk": (LOGIN + CHUNKED + b"fffffff\r\n" + b" " * 400_000, 413, "PAYLOAD_TOO_LARGE"),
    "invalid-chunks": (LOGIN + CHUNKED + b"hello\r\n", 400, "MALFORMED_REQUEST"),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
async def test_ft22_hostile_request_is_refused_with_a_problem_document(
    app: Litestar, db_session: None, case: tuple[bytes, int, str]
) -> None:
    request, status, code = case
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(request)

        response = await wire.last_response()

    assert_problem(response, status, code)
    assert response.headers["x-content-type-options"] == "nosniff"
    if b"hostile" in request[:200]:
        assert response.headers["x-request-id"] == "hostile"
        assert response.headers["access-control-allow-origin"] == "https://app.example.com"


async def test_malformed_request_has_an_access_line(app: Litestar, log_file: Path) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(b"hello\r\n\r\n")
        response = await wire.last_response()

    line = await access_line(log_file, response.headers["x-request-id"])
    assert (line["status"], line["method"], line["path"], line["route"]) == (400, "-", "", None)


@pytest.mark.parametrize(
    "endless",
    [
        b"400;" + b"x" * (MAX_ENCODED_BODY_BYTES + 2**18),
        b"1\r\na\r\n" * 100_000,
        b"1\r\na\r\n0\r\nX-Trailer: " + b"x" * (MAX_ENCODED_BODY_BYTES + 2**18),
    ],
    ids=["chunk-extension", "single-bytes", "trailer"],
)
async def test_chunk_overhead_and_trailers_are_limited(app: Litestar, db_session: None, endless: bytes) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(LOGIN + CHUNKED, endless)

        response = await wire.last_response()

    assert response.status_code in {400, 413}  # depends on which limit is reached first


async def test_ft22_endless_body_for_an_unknown_path_closes_the_connection(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\n" + HOST + CHUNKED)
        assert_problem(await wire.response(), 404, "NOT_FOUND")

        await wire.send(*[CHUNK] * (MAX_ENCODED_BODY_BYTES // 1024 + 300))

        assert await wire.rest() == b""


async def test_bytes_after_a_refused_body_are_not_a_request(app: Litestar) -> None:
    length = 64 * 1024 + 1
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % length)
        assert_problem(await wire.response(), 413, "PAYLOAD_TOO_LARGE")
        await wire.send(b" " * length + LIVE)

        assert await wire.rest() == b""


async def test_server_stops_reading_from_a_refused_client(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(b"hello\r\n\r\n")
        await until(lambda: bool(server.state.connections))
        (connection,) = server.state.connections
        flood = asyncio.create_task(wire.send(*[bytes(2**16)] * 1000))

        await until(lambda: not connection.transport.is_reading())
        assert connection._bytes_read < LINGER_BYTES + 2**20  # type: ignore[union-attr]  # noqa: SLF001
        flood.cancel()


async def test_too_many_pipelined_requests_are_refused(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(LIVE * (MAX_PIPELINED_REQUESTS + 100))

        statuses = [(await wire.response()).status_code for _ in range(MAX_PIPELINED_REQUESTS + 1)]
        assert statuses == [200] * (MAX_PIPELINED_REQUESTS + 1)
        assert_problem(await wire.last_response(), 503, "SERVER_OVERLOADED")


async def test_malformed_request_after_a_valid_one_is_refused_after_its_response(app: Litestar) -> None:
    async with wire_server(app) as server, server.wire() as wire:
        await wire.send(LIVE + b"hello\r\n\r\n")

        assert (await wire.response()).status_code == 200
        assert_problem(await wire.last_response(), 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("pieces", [1, 2, 200], ids=["one-piece", "two-pieces", "many-pieces"])
@pytest.mark.parametrize("framing", ["content-length", "chunked"])
async def test_upgrade_to_http2_is_ignored_and_the_request_is_served(
    app: Litestar, db_session: None, framing: str, pieces: int
) -> None:
    """Java's client sends such an offer (RFC 7540 §3.2); a server may ignore it (RFC 9110 §7.8)."""
    body = b'{"username": "unknown", "password": "whatever"}'
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
    framed = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    if framing == "chunked":
        framed = CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    request = LOGIN + offer + framed
    size = -(-len(request) // pieces)
    async with wire_server(app) as server, server.wire() as wire:
        for start in range(0, len(request), size):
            await wire.send(request[start : start + size])
            await asyncio.sleep(0)

        assert_problem(await wire.response(), 401, "INVALID_CREDENTIALS")
        await wire.send(LIVE)
        assert (await wire.response()).status_code == 200
