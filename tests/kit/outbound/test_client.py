"""Calls to other servers that break the rules of HTTP, are slow, or send too much."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth_api.kit.outbound import client as outbound_client
from auth_api.kit.outbound import connections
from auth_api.kit.outbound.bodies import MAX_BODY_BYTES, read_document
from auth_api.kit.outbound.client import Outbound
from auth_api.kit.outbound.errors import OutboundRefusedError, OutboundUnavailableError
from auth_api.kit.outbound.policy import OutboundPolicy
from tests.support.upstream.authority import Authority
from tests.support.upstream.server import LOOPBACK, Answer, ServedRequest, UpstreamServer

pytestmark = pytest.mark.engine_independent

URL = "https://provider.example/keys?a=b"


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[UpstreamServer]:
    async def echo(request: ServedRequest) -> Answer:
        return Answer({"path": request.path, "query": request.query, "form": request.form, "host": request.host})

    async with UpstreamServer(echo).running(authority, "provider.example") as running:
        yield running


@pytest.fixture
async def outbound(server: UpstreamServer, authority: Authority) -> AsyncIterator[Outbound]:
    opened = server.outbound(authority)
    yield opened
    await opened.close()


def answer_with(server: UpstreamServer, answer: Answer) -> None:
    async def handle(_: ServedRequest) -> Answer:
        return answer

    server.handler = handle


async def test_call_sends_and_returns_documents(server: UpstreamServer, outbound: Outbound) -> None:
    read = await outbound.get(URL, headers={"authorization": "Bearer token"})
    sent = await outbound.post_form("https://provider.example/token", {"code": "a b&c", "empty": ""})

    assert read.status == 200
    assert read.document == {"path": "/keys", "query": {"a": "b"}, "form": {}, "host": "provider.example"}
    assert sent.document["form"] == {"code": "a b&c", "empty": ""}
    assert server.requests[0].headers["authorization"] == "Bearer token"
    assert {"cookie", "referer"}.isdisjoint(server.requests[1].headers)
    assert server.connections == 1


async def test_answer_has_its_headers_and_errors_of_clients(server: UpstreamServer, outbound: Outbound) -> None:
    answer_with(server, Answer({"error": "invalid_grant"}, 400, {"Cache-Control": "no-store", "set-cookie": "a=b"}))

    response = await outbound.get(URL)
    await outbound.get(URL)

    assert (response.status, response.document) == (400, {"error": "invalid_grant"})
    assert response.headers["cache-control"] == "no-store"
    assert "cookie" not in server.requests[1].headers


async def truncated() -> AsyncIterator[bytes]:
    yield b"[]"


async def test_answer_is_unavailable_if_the_server_failed_or_is_unreadable(
    server: UpstreamServer, outbound: Outbound
) -> None:
    zeros = zlib.compressobj(wbits=31)
    bomb = b"".join(zeros.compress(bytes(2**20)) for _ in range(200)) + zeros.flush()
    encoded = {"content-encoding": "gzip"}
    answers = [Answer({}, status) for status in (300, 302, 307, 429, 500, 502, 503, 504, 599)]
    answers += [Answer(body) for body in (b"", b"{", b"<html>", b"\xff", b"NaN", b"[" * 5000, b'"\xff"')]
    answers += [Answer(b'"' + b"a" * MAX_BODY_BYTES + b'"'), Answer(b"[]" + b" " * MAX_BODY_BYTES)]
    answers += [Answer(bomb, headers=encoded), Answer(b"not gzip", headers=encoded)]
    answers += [Answer(gzip.compress(b"[]") + bytes(MAX_BODY_BYTES), headers=encoded)]
    answers += [Answer(b"[]", headers={"content-encoding": encoding}) for encoding in ("br", "deflate", "gzip, gzip")]
    answers += [Answer(chunks=truncated(), headers={"content-length": "3"}), Answer(headers={"x": "a" * 2**20})]

    for answer in answers:
        answer_with(server, answer)
        with pytest.raises(OutboundUnavailableError):
            await outbound.get(URL)

    answer_with(server, Answer(gzip.compress(b'{"a": 1}'), headers=encoded))
    assert (await outbound.get(URL)).document == {"a": 1}
    assert {request.path for request in server.requests} == {"/keys"}  # no redirect was followed


async def test_compressed_answer_is_inflated_no_further_than_it_is_read() -> None:
    zeros = zlib.compressobj(wbits=31)
    bomb = b"".join(zeros.compress(bytes(2**20)) for _ in range(64)) + zeros.flush()

    async def chunks() -> AsyncIterator[bytes]:
        yield bomb

    tracemalloc.start()
    try:
        with pytest.raises(OutboundUnavailableError):
            await read_document(chunks(), "gzip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2**20


async def test_slow_answer_ends_at_the_deadline(
    server: UpstreamServer, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server sends a byte after the other, so that no time limit of a single read would end it."""
    is_closed = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b" "
                await asyncio.sleep(0.01)
        finally:
            is_closed.set()

    answer_with(server, Answer(chunks=drip()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await outbound.get(URL)

    monkeypatch.setattr(outbound_client, "TIMEOUT_SECONDS", 0.3)
    answer_with(server, Answer(chunks=drip()))
    with pytest.raises(OutboundUnavailableError):
        await outbound.get(URL)


async def test_certificate_must_be_valid_for_the_name_of_the_url(server: UpstreamServer, authority: Authority) -> None:
    """The connection leads to an address that was checked, but the name stays that of the URL."""
    trusting = server.outbound(authority)
    distrusting = Outbound(LOOPBACK, resolve=server.resolve)

    with pytest.raises(OutboundUnavailableError):
        await trusting.get("https://other.example/")
    with pytest.raises(OutboundUnavailableError):
        await distrusting.get(URL)

    assert server.requests == []


async def test_authorities_are_those_of_the_system(
    server: UpstreamServer, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE replaces them, for providers of a company."""
    file = tmp_path / "authorities.pem"
    file.write_text(authority.pem, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    outbound = Outbound(LOOPBACK, resolve=server.resolve)

    assert (await outbound.get(URL)).status == 200
    await outbound.close()


async def test_development_calls_this_machine_without_tls(server: UpstreamServer) -> None:
    outbound = Outbound(OutboundPolicy(allows_loopback=True))

    async with UpstreamServer(server.handler).running(None) as plain:
        for host in ("localhost", "127.0.0.1"):
            response = await outbound.get(f"http://{host}:{plain.port}/keys")
            assert response.document["host"] == f"{host}:{plain.port}"
        await outbound.close()


async def test_host_that_also_has_an_internal_address_is_refused(server: UpstreamServer, authority: Authority) -> None:
    async def resolve(_host: str, _port: int) -> list[tuple[str, int]]:
        return [("8.8.8.8", 443), ("127.0.0.1", server.port)]

    outbound = Outbound(OutboundPolicy(), resolve=resolve, tls=authority.client_context)

    with pytest.raises(OutboundRefusedError):
        await outbound.get(URL)

    assert server.connections == 0


async def test_host_is_resolved_once_for_each_connection(server: UpstreamServer, authority: Authority) -> None:
    """A name whose second look-up would lead elsewhere (DNS rebinding) is judged again before a new connection."""
    looked_up: list[str] = []

    async def rebind(host: str, _port: int) -> list[tuple[str, int]]:
        looked_up.append(host)
        return [("127.0.0.1" if len(looked_up) == 1 else "10.0.0.1", server.port)]

    outbound = Outbound(LOOPBACK, resolve=rebind, tls=authority.client_context)
    answer_with(server, Answer({}, headers={"connection": "close"}))
    await outbound.get(URL)

    with pytest.raises(OutboundRefusedError):
        await outbound.get(URL)

    assert looked_up == ["provider.example"] * 2


async def test_unreachable_addresses_are_skipped(server: UpstreamServer, authority: Authority) -> None:
    async def resolve(_host: str, _port: int) -> list[tuple[str, int]]:
        return [("127.0.0.2", 1), ("127.0.0.1", server.port)]

    outbound = Outbound(LOOPBACK, resolve=resolve, tls=authority.client_context)

    assert (await outbound.get(URL)).status == 200
    await outbound.close()


async def test_hosts_without_address_are_unavailable(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find_none(_host: str, _port: int) -> list[tuple[str, int]]:
        return []

    async def hang(_host: str, _port: int) -> list[tuple[str, int]]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(connections, "RESOLVE_SECONDS", 0.05)
    for resolve in (find_none, hang, None):
        outbound = Outbound(OutboundPolicy(), resolve=resolve, tls=authority.client_context)
        with pytest.raises(OutboundUnavailableError):
            await outbound.get(f"https://{'a' * 64}.invalid/")
