"""The access tokens of the OAuth provider, as the verifier of a resource sees them."""

import time
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import httpx2
import pytest
from litestar import Litestar

from auth_api.services import Services
from auth_api_sdk import TokenRejected
from auth_api_sdk.verification.claims import TokenRules
from auth_api_sdk.verification.engine import Engine
from auth_api_sdk.verification.source import HttpSource
from tests.conftest import UserFactory
from tests.support.oauth_applications import ORDERS, add_application, add_resource, claims_of

ISSUER = "http://testserver"
ALGORITHMS = frozenset({"EdDSA", "ES256", "RS256"})


def open_engine(app: Litestar, audience: str) -> Engine:
    """Return what verifies the tokens for an audience with the keys of the application."""
    transport = httpx2.ASGITransport(app=cast("Any", app))
    rules = TokenRules(ISSUER, frozenset({audience}), ALGORITHMS)
    source = lambda: HttpSource(ISSUER, None, transport)  # noqa: E731 - a callable is what the engine takes
    return Engine(rules, mode="local", has_feed=False, open_source=source)


@pytest.fixture
async def orders(app: Litestar, db_session: None) -> AsyncIterator[Engine]:
    """The verifier of a resource."""
    engine = open_engine(app, ORDERS)
    yield engine
    await engine.aclose()


async def test_token_of_a_code_names_user_application_and_scopes(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory, orders: Engine
) -> None:
    await user_factory()
    await add_resource(ORDERS, "orders:read", "orders:write")
    app = await add_application(client, services, scopes="openid offline_access orders:read orders:write")
    tokens = await app.tokens("openid", "offline_access", "orders:read")
    refreshed = (await app.refresh(tokens["refresh_token"])).json()

    for each, login in ((tokens, ("aal1", ("pwd",))), (refreshed, (None, ()))):
        claims = claims_of(each["access_token"])
        principal = await orders.verify(each["access_token"])

        assert (principal.kind, principal.subject, principal.client_id) == ("oauth", claims["sub"], app.client_id)
        assert (principal.session_id, principal.roles) == (None, frozenset())
        assert principal.scopes == {"openid", "offline_access", "orders:read"}
        assert (principal.acr, principal.amr) == login
        assert principal.auth_time == claims.get("auth_time")
        assert principal.expires_at == claims["exp"]
        assert not principal.is_stale


async def test_token_of_a_program_has_scopes_and_no_login(
    client: httpx.AsyncClient, services: Services, orders: Engine
) -> None:
    await add_resource(ORDERS, "orders:read")
    app = await add_application(
        client, services, kind="machine", grant_types="client_credentials", redirect_uris="", scopes="orders:read"
    )
    token = (await app.token("client_credentials")).json()["access_token"]

    principal = await orders.verify(token)

    assert (principal.kind, principal.subject, principal.client_id) == ("oauth", app.client_id, app.client_id)
    assert principal.scopes == {"orders:read"}
    assert (principal.acr, principal.auth_time) == (None, None)
    assert principal.expires_at is not None
    assert principal.expires_at > time.time()


async def test_other_tokens_of_an_application_are_refused(
    app: Litestar, client: httpx.AsyncClient, services: Services, user_factory: UserFactory, orders: Engine
) -> None:
    ada = await user_factory()
    await add_resource(ORDERS, "orders:read")
    application = await add_application(client, services, scopes="openid offline_access orders:read")
    for_orders = await application.tokens("openid", "offline_access", "orders:read")
    for_userinfo = await application.tokens("openid")
    api = open_engine(app, "auth_api")

    refused = {
        "the ID token": for_orders["id_token"],
        "the refresh token": for_orders["refresh_token"],
        "a token for userinfo": for_userinfo["access_token"],
        "the token of the user's session": ada.access_token,
        "a token with a changed signature": for_orders["access_token"][:-6] + "AAAAAA",
    }
    for token in refused.values():
        with pytest.raises(TokenRejected, match="TOKEN_INVALID"):
            await orders.verify(token)
    with pytest.raises(TokenRejected, match="TOKEN_INVALID"):
        await api.verify(for_orders["access_token"])
    await api.aclose()
