"""Requests that count as failures of their IP address."""

import httpx
import pytest

from auth_api.oauth.clients.rate_limits import FAILURES, ClientRateLimits
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.oauth_applications import add_application


async def test_refused_requests_for_tokens_and_claims_count_as_failures(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await user_factory()
    app = await add_application(client, services)
    counted: list[tuple[str, str | None]] = []
    monkeypatch.setattr(ClientRateLimits, "count_by_network", lambda _, *arguments: counted.append(arguments))

    tokens = await app.tokens("openid")
    await app.user_info(tokens["access_token"])
    await app.refresh(tokens["refresh_token"])
    await app.post("/oauth2/introspect", token="unknown")
    await app.post("/oauth2/revoke", token="unknown")
    assert counted == []

    await app.redeem("oc_unknown")
    await app.refresh("ort_unknown")
    await app.token("password")
    await app.user_info("unknown")
    assert counted == [(FAILURES, "203.0.113.7")] * 4
