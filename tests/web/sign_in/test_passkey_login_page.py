"""POST /account/login/passkey, with options of the API as the script of the page requests them."""

import json

import httpx
import pytest

from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.passkeys import login_options, new_authenticator, stored_passkey
from tests.support.soft_authenticator import SoftAuthenticator
from tests.support.visitor import COOKIE, Visitor

PATH = "/account/login/passkey"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user."""
    return await user_factory(is_verified=True)


@pytest.fixture
async def soft(ada: Actor, services: Services) -> SoftAuthenticator:
    """The authenticator with her passkey."""
    return await stored_passkey(services, ada)


@pytest.fixture
def visitor(ada: Actor, client: httpx.AsyncClient) -> Visitor:
    """Ada, at a browser."""
    return Visitor(client)


async def test_passkey_signs_in_and_leads_on(
    visitor: Visitor, ada: Actor, soft: SoftAuthenticator, services: Services
) -> None:
    page = await visitor.get("/account/login", **{"continue": "/account/sessions"})
    assert 'data-options="/api/auth/passkey/options"' in page.response.text

    credential = json.dumps(soft.get(await login_options(ada)))
    done = await visitor.submit(page, PATH, credential=credential, keep="on")
    assert (done.status, done.location) == (303, "/account/sessions")
    assert "Max-Age=" in done.response.headers["Set-Cookie"]
    found = await services.core.browser_sessions.find(visitor.client.cookies[COOKIE])
    assert found is not None
    assert found.principal.amr == ("hwk",)
    replayed = await visitor.submit(page, PATH, credential=credential)
    assert replayed.outcome == (422, "login", "PASSKEY_INVALID")


async def test_refused_passkey_shows_the_form_again_without_it(
    visitor: Visitor, ada: Actor, soft: SoftAuthenticator
) -> None:
    page = await visitor.get("/account/login", **{"continue": "/account/sessions"})
    stranger = new_authenticator()
    stranger.create({"rp": {"id": soft.rp_id}, "user": {"id": "eA"}, "challenge": "eA", "pubKeyCredParams": []})
    credential = json.dumps(stranger.get(await login_options(ada)))

    refused = await visitor.submit(page, PATH, credential=credential, keep="on")

    assert refused.outcome == (422, "login", "PASSKEY_UNKNOWN")
    assert refused.form("/account/login").fields["keep"] == "on"
    assert refused.form(PATH).fields == {"continue": "/account/sessions", "credential": "", "keep": "on"}
    assert (await visitor.submit(refused, PATH)).outcome == (200, "login", "")
    assert (await visitor.submit(refused, PATH, credential="[")).outcome == (422, "login", "VALIDATION_ERROR")


async def test_passkey_of_a_disabled_account_is_refused(visitor: Visitor, ada: Actor, soft: SoftAuthenticator) -> None:
    await UserRow.update({UserRow.is_active: False}, force=True)

    page = await visitor.post(PATH, {"credential": json.dumps(soft.get(await login_options(ada)))})

    assert page.outcome == (403, "account-disabled", "ACCOUNT_DISABLED")
    assert "Set-Cookie" not in page.response.headers


async def test_server_without_passkeys_offers_none(visitor: Visitor, app_with: OtherAppFactory) -> None:
    async with app_with(PASSKEYS_ENABLED="false") as other:
        visitor.client = other.client

        assert "passkey" not in (await visitor.get("/account/login")).text
        for path in (PATH, "/account/enrol/passkey"):
            assert (await visitor.post(path, {"keep": "on"})).status == 404
        assert (await visitor.post("/account/enrol/totp", {"mfa_token": "mfa_unknown"})).status == 303
