"""Whatever layer refuses a request, the answer is the envelope."""

from typing import Any

import httpx
import pytest

from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"
REQUEST_CONTEXT = "https://app.example.com"
JSON = {"Content-Type": "application/json"}

Case = tuple[str, str, dict[str, Any], int, str]

REFUSALS: dict[str, Case] = {
    "no such page of the API": ("GET", "/api/nope", {}, 404, "NOT_FOUND"),
    "no such page at all": ("GET", "/nope", {}, 404, "NOT_FOUND"),
    "no such probe": ("GET", "/health/nope", {}, 404, "NOT_FOUND"),
    "no such page of the documentation": ("GET", "/schema/nope", {}, 404, "NOT_FOUND"),
    "no such file of the documentation": ("GET", "/schema/assets/nope.js", {}, 404, "NOT_FOUND"),
    "no such method": ("GET", LOGIN, {}, 405, "METHOD_NOT_ALLOWED"),
    "a method nobody knows": ("BREW", LOGIN, {}, 405, "METHOD_NOT_ALLOWED"),
    "OPTIONS that is no preflight": ("OPTIONS", LOGIN, {}, 405, "METHOD_NOT_ALLOWED"),
    "a preflight for what is not offered": (
        "OPTIONS",
        LOGIN,
        {"headers": {"Access-Control-Request-Method": "PUT"}},
        403,
        "CORS_ORIGIN_DENIED",
    ),
    "no token": ("GET", "/api/user/profile", {}, 401, "AUTHENTICATION_REQUIRED"),
    "a bad token": ("GET", "/api/user/profile", {"headers": {"Authorization": "Bearer x"}}, 401, "TOKEN_INVALID"),
    "another media type": ("POST", LOGIN, {"content": b"{}"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "no JSON": ("POST", LOGIN, {"content": b"{", "headers": JSON}, 400, "MALFORMED_REQUEST"),
    "wrong fields": ("POST", LOGIN, {"json": {}}, 400, "VALIDATION_ERROR"),
    "wrong credentials": ("POST", LOGIN, {"json": {"username": "ada", "password": "x"}}, 401, "INVALID_CREDENTIALS"),
    "a large body": ("POST", LOGIN, {"content": b" " * 65537, "headers": JSON}, 413, "PAYLOAD_TOO_LARGE"),
    "a long address": ("GET", "/" + "a" * 4096, {}, 414, "URI_TOO_LONG"),
    "large headers": ("GET", "/health/live", {"headers": {"X-Large": "a" * 16384}}, 431, "HEADERS_TOO_LARGE"),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_of_any_layer_is_an_envelope_that_a_browser_may_read(
    client: httpx.AsyncClient, case: Case
) -> None:
    method, path, arguments, status, code = case
    headers = {"Origin": REQUEST_CONTEXT, "X-Request-ID": "abc123-def456", **arguments.get("headers", {})}

    response = await client.request(method, path, **{**arguments, "headers": headers})

    assert_problem(response, status, code)
    assert response.headers["x-request-id"] == "abc123-def456"
    assert response.headers.get_list("access-control-allow-origin") == [REQUEST_CONTEXT]
    assert response.headers.get_list("vary") == ["Origin"]


async def test_a_challenge_names_the_scheme_alone_where_no_token_was_sent(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/user/profile")

    assert response.headers.get_list("www-authenticate") == ["Bearer"]


async def test_a_challenge_says_that_the_token_was_bad(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/user/profile", headers={"Authorization": "Bearer nonsense"})

    assert response.headers.get_list("www-authenticate") == ['Bearer error="invalid_token"']


async def test_wrong_credentials_are_challenged_too(client: httpx.AsyncClient) -> None:
    """RFC 9110 §15.5.2: every 401 carries a challenge."""
    response = await client.post(LOGIN, json={"username": "nobody", "password": "x"})

    assert response.headers.get_list("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/nope", "/api"])
async def test_nothing_of_the_api_is_stored(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.headers.get_list("cache-control") == ["no-store"]


async def test_tokens_are_not_stored(client: httpx.AsyncClient) -> None:
    fields = {"email": "ada@example.com", "username": "ada", "password": "Correct-Horse-7-Staple"}

    response = await client.post("/api/auth/register", json=fields)

    assert response.status_code == 201
    assert response.headers.get_list("cache-control") == ["no-store"]
    assert response.headers.get_list("content-type") == ["application/json"]


async def test_wrong_fields_are_told_all_at_once_and_never_echoed(client: httpx.AsyncClient) -> None:
    fields = {"email": "echo-1", "username": "e!", "password": 7, "is_active": True, "<echo>": "echo-2"}

    response = await client.post("/api/auth/register", json=fields)

    problem = assert_problem(response, 400, "VALIDATION_ERROR")
    assert sorted((error["field"], error["code"]) for error in problem["errors"]) == [
        ("?", "unknown"),
        ("email", "format"),
        ("is_active", "unknown"),
        ("password", "type"),
        ("username", "format"),
    ]
    assert all(set(error) == {"field", "code", "message"} for error in problem["errors"])
    assert "echo" not in response.text


async def test_other_errors_have_no_list_of_fields(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/nope")

    assert "errors" not in response.json()
