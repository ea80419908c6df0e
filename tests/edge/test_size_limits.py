"""Size limits, exact to the byte: bodies of 64 KiB, URLs of 4 KiB, headers of 16 KiB."""

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
    """Yield an empty object, padded with whitespace to this number of bytes, in chunks."""
    body = b" " * (length - 2) + b"{}"
    for start in range(0, length, 1024):
        yield body[start : start + 1024]


async def test_body_of_64_kib_is_read(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=b" " * 65534 + b"{}", headers=JSON)

    assert_problem(response, 400, "VALIDATION_ERROR")


async def test_body_above_64_kib_is_too_large(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=b" " * 65535 + b"{}", headers=JSON)

    assert_problem(response, 413, "PAYLOAD_TOO_LARGE")


async def test_body_with_a_content_length_above_64_kib_is_refused_unread(app: Litestar) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    transport = httpx.ASGITransport(app=cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        response = await client.post(LOGIN, content=body(), headers={**JSON, "Content-Length": "65537"})

    assert_problem(response, 413, "PAYLOAD_TOO_LARGE")
    assert read == []


async def test_chunked_body_of_64_kib_is_read(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=chunks(65536), headers=JSON)

    assert "transfer-encoding" in response.request.headers
    assert_problem(response, 400, "VALIDATION_ERROR")


async def test_chunked_body_above_64_kib_is_too_large(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=chunks(65537), headers=JSON)

    assert "transfer-encoding" in response.request.headers
    assert_problem(response, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("length", ["abc", ""])
async def test_content_length_that_is_not_a_number_is_malformed(client: httpx.AsyncClient, length: str) -> None:
    response = await client.post(LOGIN, content=b"{}", headers={**JSON, "Content-Length": length})

    assert_problem(response, 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("template", ["/{}", "/health/live?{}", "/%61{}"])
async def test_url_of_4_kib_is_accepted(client: httpx.AsyncClient, template: str) -> None:
    target = template.format("a" * (4096 - len(template) + 2 + template.count("?")))

    response = await client.get(target)

    assert response.status_code in {200, 404}


@pytest.mark.parametrize("template", ["/{}", "/health/live?{}", "/%61{}"])
async def test_url_above_4_kib_is_too_long(client: httpx.AsyncClient, template: str) -> None:
    target = template.format("a" * (4097 - len(template) + 2 + template.count("?")))

    response = await client.get(target)

    assert_problem(response, 414, "URI_TOO_LONG")


@pytest.mark.parametrize("parts", [1, 200])
async def test_headers_above_16_kib_are_too_large(client: httpx.AsyncClient, parts: int) -> None:
    headers = {f"x-{number:03}": "a" * (16384 // parts) for number in range(parts)}

    response = await client.get("/health/live", headers=headers)

    assert_problem(response, 431, "HEADERS_TOO_LARGE")


async def test_headers_of_16_kib_are_accepted(client: httpx.AsyncClient) -> None:
    usual = sum(len(name) + len(value) for name, value in client.headers.raw) + len("Host" + "testserver")

    response = await client.get("/health/live", headers={"x-fill": "a" * (16384 - usual - len("x-fill"))})

    assert response.status_code == 200


async def test_headers_of_16_kib_and_one_byte_are_too_large(client: httpx.AsyncClient) -> None:
    usual = sum(len(name) + len(value) for name, value in client.headers.raw) + len("Host" + "testserver")

    response = await client.get("/health/live", headers={"x-fill": "a" * (16385 - usual - len("x-fill"))})

    assert_problem(response, 431, "HEADERS_TOO_LARGE")
