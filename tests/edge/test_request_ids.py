"""Request ids: a valid X-Request-ID is used, any other is replaced by a new one."""

import re
from typing import Any

import httpx
import pytest

from auth_api.kit.http.request_cycle import REQUEST_ID_BATCH, EdgeConfig

pytestmark = pytest.mark.engine_independent

NEW_ID = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("sent", ["a", "abc123-def456", "A.b_c-9", "a" * 64])
async def test_valid_request_id_is_used(client: httpx.AsyncClient, sent: str) -> None:
    response = await client.get("/health/live", headers={"X-Request-ID": sent})

    assert response.headers.get_list("x-request-id") == [sent]


@pytest.mark.parametrize("sent", [b"", b"a" * 65, b"a b", b"a\tb", b"a;b", b"a/b", b"\xc3\xa4", b"<script>", b'"}'])
async def test_invalid_request_id_is_replaced(client: httpx.AsyncClient, sent: bytes) -> None:
    response = await client.get("/health/live", headers=[(b"X-Request-ID", sent)])

    assert NEW_ID.fullmatch(response.headers["x-request-id"])


async def test_request_without_an_id_gets_a_unique_one(client: httpx.AsyncClient) -> None:
    ids = [(await client.get("/health/live")).headers["x-request-id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(map(NEW_ID.fullmatch, ids))


@pytest.mark.parametrize("sent", ["abc123-def456", "not valid!"])
async def test_problem_document_has_the_request_id_of_the_header(client: httpx.AsyncClient, sent: str) -> None:
    response = await client.get("/api/nope", headers={"X-Request-ID": sent})

    assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/docs", "/schema/assets/swagger-ui.css", "/.well-known/jwks.json"])
async def test_responses_outside_of_the_api_have_the_request_id(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"X-Request-ID": "abc123-def456"})

    assert response.headers.get_list("x-request-id") == ["abc123-def456"]


async def test_preflight_response_has_the_request_id(client: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST", "X-Request-ID": "abc"}

    response = await client.options("/api/auth/login", headers=headers)

    assert (response.status_code, response.headers["x-request-id"]) == (204, "abc")


def test_request_ids_are_unique_across_batches() -> None:
    unused: Any = None
    config = EdgeConfig(errors=unused, cors=unused, client_ip_resolver=unused, security=unused, token_transport=unused)

    ids = {config.new_request_id() for _ in range(3 * REQUEST_ID_BATCH)}

    assert len(ids) == 3 * REQUEST_ID_BATCH
