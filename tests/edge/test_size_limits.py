"""Bodies of 64 KiB, addresses of 4 KiB, headers of 16 KiB: to the byte."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"
JSON = {"Content-Type": "application/json"}


async def chunks(length: int) -> AsyncIterator[bytes]:
    """Yield an empty object after so much white space that all is of this length, piece by piece."""
    body = b" " * (length - 2) + b"{}"
    for start in range(0, length, 1024):
        yield body[start : start + 1024]


async def test_a_body_of_64_kib_is_read(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=b" " * 65534 + b"{}", headers=JSON)

    assert_problem(response, 400, "VALIDATION_ERROR")


async def test_a_longer_body_is_too_large(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=b" " * 65535 + b"{}", headers=JSON)

    assert_problem(response, 413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_claims_to_be_longer_is_refused_unread(app: Litestar) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    transport = httpx.ASGITransport(app=cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        response = await client.post(LOGIN, content=body(), headers={**JSON, "Content-Length": "65537"})

    assert_problem(response, 413, "PAYLOAD_TOO_LARGE")
    assert read == []


async def test_a_chunked_body_of_64_kib_is_read(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=chunks(65536), headers=JSON)

    assert "transfer-encoding" in response.request.headers
    assert_problem(response, 400, "VALIDATION_ERROR")


async def test_a_longer_chunked_body_is_too_large(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=chunks(65537), headers=JSON)

    assert "transfer-encoding" in response.request.headers
    assert_problem(response, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("length", ["abc", ""])
async def test_a_length_that_is_no_number_is_malformed(client: httpx.AsyncClient, length: str) -> None:
    response = await client.post(LOGIN, content=b"{}", headers={**JSON, "Content-Length": length})

    assert_problem(response, 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("address", ["/{}", "/health/live?{}", "/%61{}"])
async def test_an_address_of_4_kib_is_read(client: httpx.AsyncClient, address: str) -> None:
    target = address.format("a" * (4096 - len(address) + 2 + address.count("?")))

    response = await client.get(target)

    assert response.status_code in {200, 404}


@pytest.mark.parametrize("address", ["/{}", "/health/live?{}", "/%61{}"])
async def test_a_longer_address_is_too_long(client: httpx.AsyncClient, address: str) -> None:
    target = address.format("a" * (4097 - len(address) + 2 + address.count("?")))

    response = await client.get(target)

    assert_problem(response, 414, "URI_TOO_LONG")


@pytest.mark.parametrize("parts", [1, 200])
async def test_headers_of_more_than_16_kib_are_too_large(client: httpx.AsyncClient, parts: int) -> None:
    headers = {f"x-{number:03}": "a" * (16384 // parts) for number in range(parts)}

    response = await client.get("/health/live", headers=headers)

    assert_problem(response, 431, "HEADERS_TOO_LARGE")


async def test_headers_of_16_kib_are_read(client: httpx.AsyncClient) -> None:
    usual = sum(len(name) + len(value) for name, value in client.headers.raw) + len("Host" + "testserver")

    response = await client.get("/health/live", headers={"x-fill": "a" * (16384 - usual - len("x-fill"))})

    assert response.status_code == 200


async def test_headers_of_one_byte_more_are_too_large(client: httpx.AsyncClient) -> None:
    usual = sum(len(name) + len(value) for name, value in client.headers.raw) + len("Host" + "testserver")

    response = await client.get("/health/live", headers={"x-fill": "a" * (16385 - usual - len("x-fill"))})

    assert_problem(response, 431, "HEADERS_TOO_LARGE")
