"""Refresh tokens of applications, over HTTP."""

import asyncio
from typing import Any

import httpx

from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.resources.tables import OAuthResourceRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.oauth_applications import ORDERS, add_application, add_resource, claims_of, outcome
from tests.support.oauth_grants import ended_grants


async def test_application_with_a_secret_keeps_its_refresh_token_and_others_get_another_one(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    for kind, is_rotated in (("web", False), ("spa", True)):
        app = await add_application(client, services, kind=kind)
        first = (await app.tokens("openid", "offline_access"))["refresh_token"]

        second = (await app.refresh(first)).json()["refresh_token"]

        assert (second != first) is is_rotated
        assert (await app.refresh(second)).status_code == 200
    assert await ended_grants() == {}


async def test_parallel_refreshes_of_an_application_without_secret_get_one_successor(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app = await add_application(client, services, kind="spa")
    first = (await app.tokens("openid"))["refresh_token"]

    responses = await asyncio.gather(*(app.refresh(first) for _ in range(50)))

    assert {response.status_code for response in responses} == {200}
    assert len({response.json()["refresh_token"] for response in responses}) == 1
    assert await ended_grants() == {}


async def test_tokens_state_the_proof_of_the_session_only_while_they_depend_on_it(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app = await add_application(client, services)
    online = await app.tokens("openid", nonce="n")
    offline = await app.tokens("openid", "offline_access")
    moved = {SessionRow.amr: "pwd otp", SessionRow.mfa_at: SessionRow.auth_time}
    await SessionRow.update({**moved, SessionRow.auth_time: SessionRow.expires_at}, force=True)  # type: ignore[dict-item]

    for first, proof in ((online, {"acr": "aal2", "amr": ["pwd", "otp", "mfa"]}), (offline, {})):
        tokens = (await app.refresh(first["refresh_token"])).json()
        for name in ("access_token", "id_token"):
            before, after = claims_of(first[name]), claims_of(tokens[name])
            assert {key: after[key] for key in ("acr", "amr") if key in after} == proof
            assert (after["auth_time"], after["sub"]) == (before["auth_time"], before["sub"])
            assert "nonce" not in after


async def test_scope_and_resource_narrow_one_access_token(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    wiki = "https://wiki.example.com"
    await add_resource(ORDERS, "orders:read", "orders:write")
    await add_resource(wiki, "wiki")
    app = await add_application(client, services, scopes="openid email offline_access orders:read orders:write wiki")
    code = await app.code("openid", "offline_access", "orders:read", "wiki")
    token = (await app.redeem(code, resource=wiki)).json()["refresh_token"]

    for fields, expected in (
        ({"resource": ORDERS}, (ORDERS, "openid offline_access orders:read")),
        ({"scope": "orders:read"}, (ORDERS, "orders:read")),
        ({"scope": "openid unknown"}, ("http://testserver/oauth2/userinfo", "openid")),
        ({"scope": "openid wiki", "resource": wiki}, (wiki, "openid wiki")),
    ):
        response = (await app.refresh(token, **fields)).json()
        claims = claims_of(response["access_token"])
        assert (claims["aud"], claims["scope"], response["scope"]) == (*expected, expected[1])
        assert ("id_token" in response) is ("openid" in expected[1])
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "invalid_target"),
        ({"resource": "https://other.example.com"}, "invalid_target"),
        ({"scope": "openid", "resource": ORDERS}, "invalid_target"),
        ({"scope": "orders:write"}, "invalid_scope"),
        ({"scope": "openid email"}, "invalid_scope"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": " ".join(["openid", *map(str, range(50))])}, "invalid_scope"),
        ({"scope": "openid " + "a" * 1000}, "invalid_scope"),
        ({"scope": ["openid", "wiki"]}, "invalid_request"),
    )
    for fields, error in refused:
        assert outcome(await app.refresh(token, **fields)) == (400, error), fields
    assert await ended_grants() == {}


async def test_scopes_shrink_with_what_the_application_may_ask_for(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    await add_resource(ORDERS, "orders:read")
    app = await add_application(client, services, scopes="openid profile email orders:read")
    token = (await app.tokens("openid", "profile", "orders:read"))["refresh_token"]

    async def scope_after(scopes: str) -> str:
        await OAuthClientRow.update({OAuthClientRow.scopes: scopes}, force=True)
        response = (await app.refresh(token)).json()
        return str(response.get("scope", response.get("error")))

    assert await scope_after("openid email orders:read") == "openid orders:read"
    await OAuthResourceRow.delete(force=True)
    await add_resource("https://other.example.com", "orders:read")
    assert await scope_after("openid orders:read") == "openid"
    assert await scope_after("email") == "invalid_grant"
    assert await scope_after("openid profile") == "openid profile"


async def test_refresh_is_refused_once_something_it_depends_on_has_ended(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    app, other = await add_application(client, services), await add_application(client, services)
    online, offline = await app.tokens("openid"), await app.tokens("openid", "offline_access")

    async def outcomes() -> list[int]:
        return [(await app.refresh(tokens["refresh_token"])).status_code for tokens in (online, offline)]

    assert outcome(await other.refresh(offline["refresh_token"])) == (400, "invalid_grant")
    for wrong in ("ort_" + "A" * 65, "ort_", "nonsense"):
        assert outcome(await app.refresh(wrong)) == (400, "invalid_grant")
    assert outcome(await app.token("refresh_token")) == (400, "invalid_request")
    await UserRow.update({UserRow.is_active: False}, force=True)
    assert await outcomes() == [400, 400]
    await UserRow.update({UserRow.is_active: True}, force=True)
    await OAuthClientRow.update({OAuthClientRow.required_role: "administrator"}, force=True)
    assert await outcomes() == [400, 400]
    await OAuthClientRow.update({OAuthClientRow.required_role: None}, force=True)
    assert await outcomes() == [200, 200]
    await ada.log_out()
    assert await outcomes() == [400, 200]
    assert await ended_grants() == {}
