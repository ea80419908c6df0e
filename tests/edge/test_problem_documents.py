"""Every error response is a problem document, whichever layer sends it."""

from typing import Any

import httpx
import pytest

from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"
ORIGIN = "https://app.example.com"
JSON = {"Content-Type": "application/json"}

Case = tuple[str, str, dict[str, Any], int, str]

ERRORS: dict[str, Case] = {
    "unknown-api-path": ("GET", "/api/nope", {}, 404, "NOT_FOUND"),
    "unknown-path": ("GET", "/nope", {}, 404, "NOT_FOUND"),
    "unknown-probe": ("GET", "/health/nope", {}, 404, "NOT_FOUND"),
    "unknown-documentation-page": ("GET", "/schema/nope", {}, 404, "NOT_FOUND"),
    "unknown-documentation-file": ("GET", "/schema/assets/nope.js", {}, 404, "NOT_FOUND"),
    "unsupported-method": ("GET", LOGIN, {}, 405, "METHOD_NOT_ALLOWED"),
    "unknown-method": ("BREW", LOGIN, {}, 405, "METHOD_NOT_ALLOWED"),
    "plain-options": ("OPTIONS", LOGIN, {}, 405, "METHOD_NOT_ALLOWED"),
    "no-token": ("GET", "/api/user/profile", {}, 401, "AUTHENTICATION_REQUIRED"),
    "invalid-token": ("GET", "/api/user/profile", {"headers": {"Authorization": "Bearer x"}}, 401, "TOKEN_INVALID"),
    "other-media-type": ("POST", LOGIN, {"content": b"{}"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "invalid-json": ("POST", LOGIN, {"content": b"{", "headers": JSON}, 400, "MALFORMED_REQUEST"),
    "invalid-fields": ("POST", LOGIN, {"json": {}}, 400, "VALIDATION_ERROR"),
    "wrong-credentials": ("POST", LOGIN, {"json": {"username": "ada", "password": "x"}}, 401, "INVALID_CREDENTIALS"),
    "large-body": ("POST", LOGIN, {"content": b" " * 65537, "headers": JSON}, 413, "PAYLOAD_TOO_LARGE"),
    "long-url": ("GET", "/" + "a" * 4096, {}, 414, "URI_TOO_LONG"),
    "large-headers": ("GET", "/health/live", {"headers": {"X-Large": "a" * 16384}}, 431, "HEADERS_TOO_LARGE"),
}


@pytest.mark.parametrize("case", ERRORS.values(), ids=ERRORS)
async def test_error_is_a_problem_document_that_browsers_can_read(client: httpx.AsyncClient, case: Case) -> None:
    method, path, arguments, status, code = case
    headers = {"Origin": ORIGIN, "X-Request-ID": "abc123-def456", **arguments.get("headers", {})}

    response = await client.request(method, path, **{**arguments, "headers": headers})

    assert_problem(response, status, code)
    assert response.headers["x-request-id"] == "abc123-def456"
    assert response.headers.get_list("access-control-allow-origin") == [ORIGIN]
    has_pages = not path.startswith(("/api", "/health"))
    assert response.headers.get_list("vary") == (["Accept", "Origin"] if has_pages else ["Origin"])


async def test_challenge_without_a_token_names_only_the_scheme(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/user/profile")

    assert response.headers.get_list("www-authenticate") == ["Bearer"]


async def test_challenge_names_an_invalid_token(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/user/profile", headers={"Authorization": "Bearer nonsense"})

    assert response.headers.get_list("www-authenticate") == ['Bearer error="invalid_token"']


async def test_wrong_credentials_have_a_challenge(client: httpx.AsyncClient) -> None:
    """RFC 9110 §15.5.2: every 401 has a challenge."""
    response = await client.post(LOGIN, json={"username": "unknown", "password": "x"})

    assert response.headers.get_list("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/nope", "/api"])
async def test_api_responses_are_not_stored(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.headers.get_list("cache-control") == ["no-store"]


async def test_responses_with_tokens_are_not_stored(client: httpx.AsyncClient) -> None:
    fields = {"email": "ada@example.com", "username": "ada", "password": "Correct-Horse-7-Staple"}

    response = await client.post("/api/auth/register", json=fields)

    assert response.status_code == 201
    assert response.headers.get_list("cache-control") == ["no-store"]
    assert response.headers.get_list("content-type") == ["application/json"]


async def test_invalid_fields_are_reported_at_once_and_never_echoed(client: httpx.AsyncClient) -> None:
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
