"""ASVS 5.0 V4.2.1, RFC 9112 §6: requests whose end is ambiguous are refused.

A second request follows each ambiguous one on the same connection. If the server responded to it, a proxy that reads
the second request as a part of the first one's body could be abused for request smuggling.
"""

import contextlib
import socket
from dataclasses import dataclass

import pytest

from tests.support.processes import RunningServer
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.engine_independent

BODY = b'{"username": "unknown", "password": "whatever"}'
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SECOND = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
EMPTY = b"Content-Length: 0"
CHUNKED = b"Transfer-Encoding: chunked"


@dataclass(frozen=True)
class Conversation:
    """The bytes received on one connection until the server closed it."""

    received: bytes

    @property
    def statuses(self) -> list[int]:
        """Status codes of all responses."""
        return [int(part[:3]) for part in self.received.split(b"HTTP/1.1 ")[1:]]

    @property
    def header_names(self) -> set[str]:
        """Names of the headers of the first response, in lower case."""
        lines = self.received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {line.partition(":")[0].lower() for line in lines}


def converse(server: RunningServer, sent: bytes) -> Conversation:
    """Send, and receive until the server closes the connection.

    Raises:
        TimeoutError: the server did not close it in time.
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return Conversation(received)


def login(*headers: bytes, body: bytes, first: bytes = b"POST /api/auth/login HTTP/1.1") -> bytes:
    lines = [first, b"Content-Type: application/json", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


HOST = b"Host: localhost"

AMBIGUOUS = {
    "a length and chunks": login(HOST, LENGTH, CHUNKED, body=CHUNKS),
    "chunks and a length": login(HOST, CHUNKED, b"Content-Length: 4", body=CHUNKS),
    "the same length twice": login(HOST, LENGTH, LENGTH, body=BODY),
    "two lengths": login(HOST, LENGTH, b"Content-Length: 5", body=BODY),
    "a list of lengths": login(HOST, LENGTH + b", %d" % len(BODY), body=BODY),
    "a length with a sign": login(HOST, b"Content-Length: +%d" % len(BODY), body=BODY),
    "a negative length": login(HOST, b"Content-Length: -1", body=BODY),
    "a length in hexadecimal": login(HOST, b"Content-Length: 0x%x" % len(BODY), body=BODY),
    "an empty length": login(HOST, b"Content-Length:", body=BODY),
    "a length beyond 64 bits": login(HOST, b"Content-Length: 99999999999999999999", body=BODY),
    "a space before the colon": login(HOST, b"Content-Length : %d" % len(BODY), body=BODY),
    "an unknown coding": login(HOST, b"Transfer-Encoding: xchunked", body=CHUNKS),
    "the coding identity": login(HOST, b"Transfer-Encoding: identity", body=CHUNKS),
    "chunked that is not the last coding": login(HOST, b"Transfer-Encoding: chunked, identity", body=CHUNKS),
    "chunked twice": login(HOST, b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "two codings": login(HOST, CHUNKED, b"Transfer-Encoding: identity", body=CHUNKS),
    "a hidden coding": login(HOST, b"Transfer-Encoding: \x0bchunked", body=CHUNKS),
    "a coding with a space before the colon": login(HOST, b"Transfer-Encoding : chunked", body=CHUNKS),
    "a folded header": login(HOST, b"X-Folded: a\r\n Transfer-Encoding: chunked", body=CHUNKS),
    "a bare carriage return": login(HOST, b"X-Bare: a\rTransfer-Encoding: chunked", LENGTH, body=BODY),
    "bare line feeds": login(HOST, LENGTH, body=BODY).replace(b"\r\n", b"\n"),
    "a NUL in a header": login(HOST, b"X-Null: a\0b", LENGTH, body=BODY),
    "a negative chunk": login(HOST, CHUNKED, body=b"-1\r\n"),
    "a chunk's size with a prefix": login(HOST, CHUNKED, body=b"0x" + CHUNKS),
    "chunks with bare line feeds": login(HOST, CHUNKED, body=CHUNKS.replace(b"\r\n", b"\n")),
    "a length in the trailer": login(HOST, CHUNKED, body=CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n"),
    "no host": login(LENGTH, body=BODY),
    "two hosts": login(HOST, b"Host: evil.example.com", LENGTH, body=BODY),
    "the same host twice": login(HOST, HOST, LENGTH, body=BODY),
    "a GET with a length and chunks": login(
        HOST, LENGTH, CHUNKED, body=CHUNKS, first=b"GET /.well-known/jwks.json HTTP/1.1"
    ),
    "a preflight with a length and chunks": login(
        HOST,
        b"Origin: http://localhost:3000",
        b"Access-Control-Request-Method: POST",
        LENGTH,
        CHUNKED,
        body=CHUNKS,
        first=b"OPTIONS /api/auth/login HTTP/1.1",
    ),
    "CONNECT": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

TOO_LARGE = {
    "a target of more than 4 KiB": (414, login(HOST, EMPTY, body=b"", first=b"POST /%s HTTP/1.1" % (b"a" * 5000))),
    "a header of more than 16 KiB": (431, login(HOST, EMPTY, b"X-Long: " + b"a" * 17000, body=b"")),
    "many headers": (431, login(HOST, EMPTY, *(b"X-%d: %s" % (n, b"a" * 500) for n in range(40)), body=b"")),
}


def test_pipelined_requests_get_responses_in_order(server: RunningServer) -> None:
    """This shows that the other tests would see a response to the second request."""
    conversation = converse(server, login(HOST, LENGTH, body=BODY) + login(HOST, CHUNKED, body=CHUNKS) + SECOND)

    assert conversation.statuses == [401, 401, 200]


@pytest.mark.parametrize("request_bytes", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguous_request_is_refused_and_the_following_one_ignored(
    server: RunningServer, request_bytes: bytes
) -> None:
    conversation = converse(server, request_bytes + SECOND)

    assert conversation.statuses == [400]
    assert not {"server", "x-powered-by"} & conversation.header_names


@pytest.mark.parametrize(("status", "request_bytes"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_too_large_request_is_refused_and_the_following_one_ignored(
    server: RunningServer, status: int, request_bytes: bytes
) -> None:
    """Its body is not read, so its end is unknown (RFC 9112 §9.6)."""
    conversation = converse(server, request_bytes + SECOND)

    assert conversation.statuses == [status]


def test_body_that_looks_like_a_request_is_a_body(server: RunningServer) -> None:
    body = SECOND * 3

    conversation = converse(server, login(HOST, b"Content-Length: %d" % len(body), body=body) + SECOND)

    assert conversation.statuses == [400, 200]


def test_http_1_0_request_with_chunks_closes_the_connection(server: RunningServer) -> None:
    """RFC 9112 §6.1: its framing must be treated as faulty."""
    request_bytes = login(HOST, CHUNKED, body=CHUNKS, first=b"POST /api/auth/login HTTP/1.0")

    conversation = converse(server, request_bytes + SECOND)

    assert len(conversation.statuses) == 1


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.0"])
def test_upgrade_to_another_protocol_is_ignored(server: RunningServer, protocol: str) -> None:
    upgrade = (
        f"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close, Upgrade\r\nUpgrade: {protocol}\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )

    conversation = converse(server, upgrade.encode() + SECOND)

    assert 101 not in conversation.statuses
    assert conversation.statuses[0] == 200


def test_responses_do_not_name_the_server_software(server: RunningServer) -> None:
    """ASVS 5.0 V13.4.6."""
    conversations = [
        converse(server, SECOND),
        converse(server, login(HOST, LENGTH, b"Connection: close", body=BODY)),
        converse(server, b"not http at all\r\n\r\n"),
    ]

    for conversation in conversations:
        assert not {"server", "x-powered-by", "via"} & conversation.header_names
        assert b"uvicorn" not in conversation.received.lower()
        assert b"litestar" not in conversation.received.lower()


@pytest.mark.parametrize(
    ("status", "first"),
    [
        (401, b"POST /api/user/password HTTP/1.1"),
        (404, b"POST /nowhere HTTP/1.1"),
        (405, b"DELETE /api/auth/login HTTP/1.1"),
        (200, b"GET /health/live HTTP/1.1"),
    ],
)
def test_request_that_replaces_an_expected_body_is_ignored(server: RunningServer, status: int, first: bytes) -> None:
    """RFC 9110 §10.1.1: the client received the final response instead of 100, and may leave out the body.

    With a connection that stays open, the server would read the next request as the body, or only a part of it, so that
    a request hidden in the next one runs (CWE-444).
    """
    second = login(HOST, b"Content-Length: %d" % len(SECOND), body=SECOND)
    length = len(second) - len(SECOND)  # the hidden request begins where the announced body ends
    request = login(HOST, b"Expect: 100-continue", b"Content-Length: %d" % length, body=b"", first=first)
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(request)
        received = connection.recv(65536)
        with contextlib.suppress(ConnectionError):  # the server has closed the connection
            connection.sendall(second)
            while chunk := connection.recv(65536):
                received += chunk

    assert Conversation(received).statuses == [status]
