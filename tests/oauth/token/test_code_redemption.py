"""Redemption of authorization codes."""

import asyncio
import base64
from typing import Any

import httpx
import pytest

from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.oauth_applications import (
    CALLBACK,
    ORDERS,
    VERIFIER,
    add_application,
    add_resource,
    claims_of,
    outcome,
)
from tests.support.oauth_grants import ended_grants
from tests.support.rows import audit_actions

ISSUER = "http://testserver"


async def test_code_gives_access_token_id_token_and_refresh_token(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    app = await add_application(client, services)
    scopes = ("openid", "email", "offline_access")

    response = await app.redeem(await app.code(*scopes, nonce="n-0S6"))

    tokens = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 600, " ".join(scopes))
    user = await UserRow.select(UserRow.subject).first()
    assert user is not None
    proof = {name: claims_of(ada.access_token)[name] for name in ("auth_time", "acr", "amr")}
    access = claims_of(tokens["access_token"])
    assert access.pop("exp") - access["iat"] == 600
    assert access.pop("jti")
    grant = await OAuthGrantRow.select().first()
    assert grant is not None
    assert access == {
        "iss": ISSUER,
        "sub": str(user["subject"]),
        "aud": f"{ISSUER}/oauth2/userinfo",
        "client_id": app.client_id,
        "scope": tokens["scope"],
        "iat": access["iat"],
        "gid": str(grant["id"]),
        **proof,
    }
    identity = claims_of(tokens["id_token"])
    assert identity.pop("exp") - identity["iat"] == 600
    assert len(identity.pop("at_hash")) == 22
    assert identity == {
        "iss": ISSUER,
        "sub": access["sub"],
        "aud": app.client_id,
        "iat": identity["iat"],
        "nonce": "n-0S6",
        **proof,
    }


async def test_tokens_have_only_what_was_granted(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    """An ID token needs the scope `openid`, and a refresh token the grant type."""
    await user_factory()
    app = await add_application(client, services, grant_types="authorization_code", scopes="profile roles")

    tokens = await app.tokens("profile", "roles")

    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert claims_of(tokens["access_token"])["roles"] == []


async def test_refused_redemption_does_not_use_the_code_up(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app, other = await add_application(client, services), await add_application(client, services)
    await other.code("openid")  # with the consent of the user
    code = await app.code("openid")
    refused: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"code": None}, (400, "invalid_request")),
        ({"code": "oc_" + "A" * 43}, (400, "invalid_grant")),
        ({"redirect_uri": None}, (400, "invalid_request")),
        ({"redirect_uri": f"{CALLBACK}/"}, (400, "invalid_grant")),
        ({"code_verifier": None}, (400, "invalid_grant")),
        ({"code_verifier": VERIFIER[:-1] + "S"}, (400, "invalid_grant")),
        ({"code_verifier": "short"}, (400, "invalid_grant")),
        ({"resource": ORDERS}, (400, "invalid_target")),
        ({"resource": [ORDERS, CALLBACK]}, (400, "invalid_target")),
        ({"client_secret": "cs_wrong"}, (401, "invalid_client")),
        ({"client_secret": None}, (401, "invalid_client")),
    ]
    for fields, expected in refused:
        assert outcome(await app.redeem(code, **fields)) == expected, fields
    assert outcome(await other.redeem(code)) == (400, "invalid_grant")
    for form, error in (
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ):
        assert outcome(await app.post("/oauth2/token", code=code, **form)) == (400, error)

    assert (await app.redeem(code)).status_code == 200
    assert await ended_grants() == {}


async def test_verifier_without_challenge_is_refused(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app = await add_application(client, services, require_pkce=False)
    code = await app.code("openid", code_challenge=None)

    assert outcome(await app.redeem(code)) == (400, "invalid_grant")
    assert (await app.redeem(code, code_verifier=None)).status_code == 200


async def test_code_is_refused_once_something_it_depends_on_has_ended(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app = await add_application(client, services)
    for table, column, value, error in (
        (UserRow, UserRow.is_active, False, (400, "invalid_grant")),
        (SessionRow, SessionRow.ended_at, SessionRow.created_at, (400, "invalid_grant")),
        (OAuthClientRow, OAuthClientRow.required_role, "administrator", (400, "invalid_grant")),
        (OAuthClientRow, OAuthClientRow.is_active, False, (401, "invalid_client")),
        (OAuthRequestRow, OAuthRequestRow.code_expires_at, OAuthRequestRow.created_at, (400, "invalid_grant")),
        (OAuthClientRow, OAuthClientRow.scopes, "profile", (400, "invalid_grant")),
    ):
        code = await app.code("openid")
        before = await table.select(column).first()
        assert before is not None
        await table.update({column: value}, force=True)
        assert outcome(await app.redeem(code)) == error, column
        await table.update({column: next(iter(before.values()))}, force=True)
    code = await app.code("openid")
    await OAuthConsentRow.delete(force=True)
    assert outcome(await app.redeem(code)) == (400, "invalid_grant")
    assert await OAuthGrantRow.count() == 0


async def test_offline_access_outlives_the_session_between_code_and_redemption(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    app = await add_application(client, services)
    code = await app.code("openid", "offline_access")
    await ada.log_out()

    tokens = (await app.redeem(code)).json()

    assert (await app.refresh(tokens["refresh_token"])).status_code == 200


async def test_second_redemption_ends_the_grant_of_the_first(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app, other = await add_application(client, services), await add_application(client, services)
    code = await app.code("openid", "offline_access")
    tokens = (await app.redeem(code)).json()
    for thief in ({"client_secret": "cs_wrong"}, {"code_verifier": "x" * 43}):
        await app.redeem(code, **thief)
    await other.redeem(code)
    assert await ended_grants() == {}

    assert outcome(await app.redeem(code)) == (400, "invalid_grant")

    assert list((await ended_grants()).values()) == ["code_reused"]
    assert (await audit_actions())[-1] == "oauth:code_reused"
    assert outcome(await app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert outcome(await app.user_info(tokens["access_token"])) == (401, "invalid_token")


async def test_one_of_parallel_redemptions_succeeds(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app = await add_application(client, services)
    code = await app.code("openid")

    outcomes = [outcome(response) for response in await asyncio.gather(*(app.redeem(code) for _ in range(50)))]

    assert sorted(outcomes) == [(200, ""), *[(400, "invalid_grant")] * 49]
    assert list((await ended_grants()).values()) == ["code_reused"]


async def test_access_token_is_for_one_resource(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    await add_resource(ORDERS, "orders:read", "orders:write", access_token_minutes=3)
    await add_resource("https://wiki.example.com", "wiki")
    app = await add_application(client, services, scopes="openid orders:read orders:write wiki")

    only = await app.tokens("openid", "orders:read")
    code = await app.code("openid", "orders:read", "wiki")
    unnamed, named = await app.redeem(code), (await app.redeem(code, resource=ORDERS)).json()

    for tokens in (only, named):
        claims = claims_of(tokens["access_token"])
        assert (claims["aud"], claims["scope"], tokens["expires_in"]) == (ORDERS, "openid orders:read", 180)
    assert outcome(unnamed) == (400, "invalid_target")


@pytest.mark.parametrize("kind", ["spa", "native"])
async def test_public_application_redeems_without_secret(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory, kind: str
) -> None:
    await user_factory()
    app = await add_application(client, services, kind=kind)
    code = await app.code("openid")

    assert outcome(await app.redeem(code, client_secret="cs_" + "A" * 43)) == (401, "invalid_client")
    basic = base64.b64encode(f"{app.client_id}:".encode()).decode()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    response = await client.post("/oauth2/token", data=form, headers={"Authorization": f"Basic {basic}"})
    assert response.status_code == 200
