"""What the edge does for the OAuth endpoints: errors in their form on every layer, no storage, CORS for all origins."""

from pathlib import Path

import httpx
import pytest

from auth_api.kit.metrics import OAUTH_REFUSALS
from auth_api.services import Services
from tests.conftest import OtherAppFactory
from tests.support.breakers import begin_outage
from tests.support.log_lines import lines_of_request
from tests.support.oauth_applications import add_application

ORIGIN = {"Origin": "https://app.example.com"}
PREFLIGHT = {**ORIGIN, "Access-Control-Request-Method": "POST"}


def cors_headers(response: httpx.Response) -> dict[str, str]:
    prefix = "access-control-"
    return {name.removeprefix(prefix): value for name, value in response.headers.items() if name.startswith(prefix)}


async def test_errors_of_every_layer_are_those_of_oauth(client: httpx.AsyncClient) -> None:
    long, large = {"q": "x" * 5000}, {"Content-Length": "100000"}
    responses = [
        await client.get("/oauth2/nowhere"),
        await client.get("/oauth2/token", params=long),
        await client.post("/oauth2/token", headers=large),
        await client.post("/oauth2/token", headers={"X-Long": "x" * 20000}),
        await client.post("/oauth2/token", headers={"Content-Length": "1", "Transfer-Encoding": "chunked"}),
        await client.get("/oauth2/token"),
        await client.post("/oauth2/token", json={}),
        await client.post("/oauth2/token", data={"grant_type": "\0"}),
    ]

    assert [response.status_code for response in responses] == [404, 414, 413, 431, 400, 405, 415, 400]
    assert responses[5].headers["allow"] == "POST"
    for response in responses:
        assert response.headers["content-type"] == "application/json"
        assert response.headers["cache-control"] == "no-store"
        assert response.json().keys() == {"error", "error_description", "request_id"}
        assert response.json()["error"] == "invalid_request"
        assert response.json()["request_id"] == response.headers["x-request-id"]


async def test_request_during_an_outage_can_be_repeated(client: httpx.AsyncClient, services: Services) -> None:
    application = await add_application(client, services)
    await begin_outage()

    response = await application.token("client_credentials")

    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert int(response.headers["retry-after"]) >= 1
    assert response.headers["access-control-allow-origin"] == "*"
    assert (await client.get("/.well-known/openid-configuration")).status_code == 200


async def test_bug_is_a_server_error(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api.oauth.token.controllers.read_parameters", None)

    response = await client.post("/oauth2/token")

    assert (response.status_code, response.json()["error"]) == (500, "server_error")
    assert response.headers["content-type"] == "application/json"


async def test_refusal_is_logged_and_counted(client: httpx.AsyncClient, log_file: Path) -> None:
    before = counted_refusals()

    response = await client.post("/oauth2/token", headers={"Authorization": "Basic Zm9yZ2VkOmh1bnRlcjI="})

    assert counted_refusals() == before + 1
    lines = await lines_of_request(log_file, response.headers["x-request-id"])
    (line,) = [line for line in lines if line["event"] == "oauth:refused"]
    assert (line["endpoint"], line["error"], line["client"]) == ("token", "invalid_client", None)
    assert "hunter2" not in str(lines)


def counted_refusals() -> float:
    value: float = OAUTH_REFUSALS.labels("token", "invalid_client")._value.get()  # noqa: SLF001
    return value


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/oauth2/authorize/response", "/oauth2/logout"])
async def test_errors_of_paths_that_browsers_visit_are_pages(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, params={"q": "x" * 5000}, headers={"Accept": "*/*"})

    assert response.status_code == 414
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-error-code"] == "URI_TOO_LONG"
    assert response.headers["cache-control"] == "no-store"


async def test_endpoints_without_cookies_may_be_called_by_every_origin(client: httpx.AsyncClient) -> None:
    paths = ("/oauth2/token", "/oauth2/revoke", "/oauth2/userinfo")
    documents = ("openid-configuration", "oauth-authorization-server", "jwks.json")
    for path in (*paths, *(f"/.well-known/{name}" for name in documents)):
        response = await client.get(path, params={"q": "x" * 5000})
        assert response.headers.get_list("access-control-allow-origin") == ["*"]
        assert "Retry-After" in response.headers["access-control-expose-headers"]
        assert "vary" not in response.headers

        preflight = await client.options(path, headers={**PREFLIGHT, "Origin": "https://anywhere.example.org"})
        assert preflight.status_code == 204
        granted = cors_headers(preflight)
        assert granted.pop("expose-headers") == response.headers["access-control-expose-headers"]
        assert granted == {
            "allow-origin": "*",
            "allow-methods": "GET, POST",
            "allow-headers": "authorization, content-type, x-request-id",
            "max-age": "600",
        }


async def test_other_endpoints_may_be_called_by_no_origin(client: httpx.AsyncClient) -> None:
    for path in ("/oauth2/introspect", "/oauth2/device_authorization", "/oauth2/authorize", "/oauth2/logout"):
        assert cors_headers(await client.get(path, params={"q": "x" * 5000}, headers=ORIGIN)) == {}
        preflight = await client.options(path, headers=PREFLIGHT)
        assert (preflight.status_code, cors_headers(preflight)) == (403, {})


async def test_server_without_provider_has_ordinary_errors(app_with: OtherAppFactory) -> None:
    async with app_with(OAUTH_ENABLED="false") as other:
        response = await other.client.post("/oauth2/token", headers=ORIGIN)

    assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
    assert response.headers["content-type"] == "application/problem+json"
    assert cors_headers(response) == {}
