"""POST /oauth2/device_authorization: what a device gets, and which requests are refused (RFC 8628 §3.1, §3.2)."""

import re
from typing import Any

import httpx
import pytest

from auth_api.kit.crypto.tokens import digest
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from auth_api.throttling.tables import ThrottleCounterRow
from tests.conftest import OtherAppFactory
from tests.support.oauth_clients import add_resource, register_client

ENDPOINT = "/oauth2/device_authorization"


@pytest.fixture
async def television(services: Services) -> str:
    await add_resource(services, "https://films.example.com", "films:read")
    registered = await register_client(
        services, "device", name="Television", scopes=["openid", "profile", "offline_access", "films:read"]
    )
    return registered.client.client_id


async def begin(client: httpx.AsyncClient, television: str, **fields: str) -> httpx.Response:
    form = {"client_id": television, "scope": "openid", **fields}
    return await client.post(ENDPOINT, data=form, headers={"X-Forwarded-Host": "evil.example"})


async def test_device_gets_two_codes_and_the_address_for_the_person(client: httpx.AsyncClient, television: str) -> None:
    response = await begin(client, television, scope="openid films:read unknown", resource="https://films.example.com")

    body: dict[str, Any] = response.json()
    user_code = body.pop("user_code")
    device_code = body.pop("device_code")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", user_code)
    assert re.fullmatch(r"dc_[A-Za-z0-9_-]{43}", device_code)
    assert body == {
        "verification_uri": "http://testserver/account/device",
        "verification_uri_complete": f"http://testserver/account/device?user_code={user_code}",
        "expires_in": 600,
        "interval": 5,
    }
    (row,) = await OAuthRequestRow.select()
    assert (row["device_hash"], row["state"], row["ip_address"]) == (digest(device_code), "open", "203.0.113.7")
    assert user_code.replace("-", "") not in str(row)
    assert row["parameters"] == '{"scopes":["openid","films:read"],"resources":["https://films.example.com"]}'


async def test_refused_device_authorization_stores_nothing(
    client: httpx.AsyncClient, services: Services, television: str
) -> None:
    browser_only = (await register_client(services, "spa", name="Wiki", scopes=["openid"])).client.client_id
    films = "https://films.example.com"
    refused: tuple[tuple[dict[str, str], int, str], ...] = (
        ({"client_id": browser_only}, 400, "unauthorized_client"),
        ({"client_id": "app_00000000000000000000"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"client_secret": "cs_x"}, 401, "invalid_client"),
        ({"scope": ""}, 400, "invalid_scope"),
        ({"scope": "unknown"}, 400, "invalid_scope"),
        ({"scope": "openid email"}, 400, "invalid_scope"),
        ({"scope": " ".join(["openid"] * 200)}, 400, "invalid_scope"),
        ({"resource": "https://other.example.com"}, 400, "invalid_target"),
        ({"resource": films}, 400, "invalid_target"),
    )
    for fields, status, error in refused:
        response = await begin(client, television, **fields)

        assert (response.status_code, response.json()["error"]) == (status, error), fields
    await OAuthClientRow.update({OAuthClientRow.is_active: False}, force=True)
    assert (await begin(client, television)).json()["error"] == "invalid_client"
    assert await OAuthRequestRow.count() == 0


async def test_device_authorization_is_limited_per_client_ip(app_with: OtherAppFactory, television: str) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as limited:
        assert (await begin(limited.client, television)).status_code == 200
        await ThrottleCounterRow.update({ThrottleCounterRow.attempts: 20}, force=True)
        refused = await begin(limited.client, television)

    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert refused.headers["RateLimit-Policy"] == '"device_authorization";q=20;w=60'
