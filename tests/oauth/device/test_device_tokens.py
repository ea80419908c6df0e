"""Tokens of devices (RFC 8628 §3.4): after the approval, once, and only while the account may use the application."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from auth_api.kit.crypto.tokens import BROWSER_ID, new_token
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.device.service import DeviceAuthorizations
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.requests.request import Decider
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.aged_rows import ago
from tests.support.oauth_applications import claims_of, outcome
from tests.support.oauth_clients import register_client
from tests.support.oauth_grants import ended_grants

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPES = ("openid", "offline_access")


@dataclass
class Television:
    """A device, and the person who approves what it asks for."""

    http: httpx.AsyncClient
    services: Services
    client: OAuthClient
    device_code: str
    user_code: str

    async def ask(self, *, is_early: bool = False, **fields: str) -> httpx.Response:
        """Send a token request."""
        if not is_early:
            await OAuthRequestRow.update({OAuthRequestRow.polled_at: ago(hours=1)}, force=True)
        form = {"client_id": self.client.client_id, "grant_type": GRANT_TYPE, "device_code": self.device_code}
        return await self.http.post("/oauth2/token", data={**form, **fields})

    async def approve(self) -> None:
        """Approve, as the newest session."""
        session = await SessionRow.select().order_by(SessionRow.id, ascending=False).first()
        assert session is not None
        browser, requests = new_token(BROWSER_ID).raw, self.services.of(OAuthRequests)
        devices = self.services.of(DeviceAuthorizations)
        raw = await devices.enter(self.user_code, session["user_id"], browser, None)
        request = await requests.find(raw, browser)
        assert request is not None
        decider = Decider(user_id=session["user_id"], session_id=session["id"])
        assert await requests.approve(request, decider)
        await self.services.of(Consents).grant(
            decider.user_id, self.client, SCOPES, offline=True, request_context=RequestContext()
        )


@pytest.fixture
async def television(client: httpx.AsyncClient, services: Services, user_factory: UserFactory) -> Television:
    await user_factory()
    registered = await register_client(services, "device", name="Television", scopes=list(SCOPES))
    form = {"client_id": registered.client.client_id, "scope": " ".join(SCOPES)}
    codes = (await client.post("/oauth2/device_authorization", data=form)).json()
    return Television(client, services, registered.client, codes["device_code"], codes["user_code"])


async def test_device_gets_tokens_that_outlive_the_session(television: Television) -> None:
    assert outcome(await television.ask()) == (400, "authorization_pending")
    assert outcome(await television.ask(is_early=True)) == (400, "slow_down")
    await television.approve()

    tokens = (await television.ask()).json()

    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert claims_of(tokens["id_token"])["aud"] == television.client.client_id
    assert tokens["scope"] == "openid offline_access"
    await SessionRow.update({SessionRow.ended_at: ago(seconds=1)}, force=True)
    form = {"client_id": television.client.client_id, "refresh_token": tokens["refresh_token"]}
    refreshed = await television.http.post("/oauth2/token", data={"grant_type": "refresh_token", **form})
    assert refreshed.status_code == 200


async def test_device_code_that_is_used_again_ends_the_grant_after_the_interval(television: Television) -> None:
    await television.approve()
    assert (await television.ask()).status_code == 200

    assert outcome(await television.ask(is_early=True)) == (400, "slow_down")
    assert await ended_grants() == {}
    assert outcome(await television.ask()) == (400, "invalid_grant")
    assert [*(await ended_grants()).values()] == ["code_reused"]


async def test_device_code_is_redeemed_once_by_parallel_requests(television: Television) -> None:
    await television.approve()
    await OAuthRequestRow.update({OAuthRequestRow.polled_at: ago(hours=1)}, force=True)

    responses = await asyncio.gather(*(television.ask(is_early=True) for _ in range(50)))

    assert sorted(map(outcome, responses)) == [(200, ""), *[(400, "slow_down")] * 49]
    assert await OAuthGrantRow.count() == 1
    assert await ended_grants() == {}


async def test_device_gets_no_tokens_while_the_account_may_not_use_the_application(television: Television) -> None:
    await television.approve()
    changes: tuple[tuple[Any, Any, Any, Any, tuple[int, str]], ...] = (
        (UserRow, UserRow.is_active, False, True, (400, "invalid_grant")),
        (OAuthClientRow, OAuthClientRow.required_role, "no such role", None, (400, "invalid_grant")),
        (OAuthClientRow, OAuthClientRow.is_active, False, True, (401, "invalid_client")),
    )
    for table, column, changed, usual, refused in changes:
        await table.update({column: changed}, force=True)
        assert outcome(await television.ask()) == refused, column
        await table.update({column: usual}, force=True)

    assert await OAuthGrantRow.count() == 0
    assert outcome(await television.ask(device_code="")) == (400, "invalid_request")
    assert (await television.ask()).status_code == 200
