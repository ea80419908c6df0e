"""Every answer carries the request's id: its own where that is harmless, else a new one."""

import re
from typing import Any

import httpx
import pytest

from auth_api.kit.http.request_cycle import REQUEST_ID_BATCH, EdgeConfig

pytestmark = pytest.mark.engine_independent

NEW_ID = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["a", "abc123-def456", "A.b_c-9", "a" * 64])
async def test_a_harmless_id_is_kept(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/health/live", headers={"X-Request-ID": given})

    assert response.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", [b"", b"a" * 65, b"a b", b"a\tb", b"a;b", b"a/b", b"\xc3\xa4", b"<script>", b'"}'])
async def test_any_other_id_is_replaced(client: httpx.AsyncClient, given: bytes) -> None:
    response = await client.get("/health/live", headers=[(b"X-Request-ID", given)])

    assert NEW_ID.fullmatch(response.headers["x-request-id"])


async def test_a_request_without_an_id_gets_one_of_its_own(client: httpx.AsyncClient) -> None:
    ids = [(await client.get("/health/live")).headers["x-request-id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(map(NEW_ID.fullmatch, ids))


@pytest.mark.parametrize("given", ["abc123-def456", "not harmless!"])
async def test_the_envelope_names_the_id_of_the_header(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/api/nope", headers={"X-Request-ID": given})

    assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/docs", "/schema/assets/swagger-ui.css", "/.well-known/jwks.json"])
async def test_answers_outside_of_the_api_carry_it_too(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"X-Request-ID": "abc123-def456"})

    assert response.headers.get_list("x-request-id") == ["abc123-def456"]


async def test_a_preflight_carries_it_too(client: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST", "X-Request-ID": "abc"}

    response = await client.options("/api/auth/login", headers=headers)

    assert (response.status_code, response.headers["x-request-id"]) == (204, "abc")


def test_no_id_comes_twice_when_new_random_bits_are_drawn() -> None:
    unused: Any = None
    config = EdgeConfig(clock=unused, cors=unused, client_ip_resolver=unused, security=unused)

    ids = {config.new_request_id() for _ in range(3 * REQUEST_ID_BATCH)}

    assert len(ids) == 3 * REQUEST_ID_BATCH
