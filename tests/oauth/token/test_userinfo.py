"""The userinfo endpoint."""

import httpx

from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.oauth_applications import ORDERS, add_application, add_resource, claims_of, outcome


async def test_scopes_decide_which_claims_are_returned(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory(username="ada", is_verified=True)
    await UserRow.update({UserRow.display_name: "Ada Lovelace", UserRow.locale: "en-GB,de"}, force=True)
    await add_resource(ORDERS, "orders:read")
    app = await add_application(client, services, scopes="openid profile email roles orders:read")
    user = await UserRow.select().first()
    assert user is not None
    profile = {
        "preferred_username": "ada",
        "name": "Ada Lovelace",
        "locale": "en-GB",
        "updated_at": int(user["updated_at"].timestamp()),
    }
    email = {"email": "ada@example.com", "email_verified": True}

    for scopes, expected in (
        (("openid",), {}),
        (("openid", "orders:read"), {}),
        (("openid", "profile"), profile),
        (("openid", "email"), email),
        (("openid", "profile", "email", "roles"), {**profile, **email, "roles": []}),
    ):
        tokens = await app.tokens(*scopes)
        response = await app.user_info(tokens["access_token"])
        assert response.json() == {"sub": str(user["subject"]), **expected}
        assert response.headers["cache-control"] == "no-store"
        assert claims_of(tokens["id_token"]).keys().isdisjoint({*profile, *email})

    last = (await app.tokens("openid", "profile", "email"))["access_token"]
    changed = {UserRow.email_verified_at: None, UserRow.display_name: None, UserRow.locale: None}
    await UserRow.update(changed, force=True)  # type: ignore[arg-type]
    names = (await app.user_info(last)).json().keys()
    assert names == {"sub", "preferred_username", "updated_at"}


async def test_token_is_sent_in_the_header_or_in_a_form(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app = await add_application(client, services)
    token = (await app.tokens("openid"))["access_token"]
    bearer, form = {"Authorization": f"Bearer {token}"}, {"access_token": token}

    assert (await client.post("/oauth2/userinfo", headers=bearer)).status_code == 200
    assert (await client.post("/oauth2/userinfo", data=form)).status_code == 200
    assert outcome(await client.post("/oauth2/userinfo", headers=bearer, data=form)) == (400, "invalid_request")
    twice = await client.get("/oauth2/userinfo", headers=[("Authorization", f"Bearer {token}")] * 2)
    assert outcome(twice) == (400, "invalid_request")
    for missing in (
        await client.get("/oauth2/userinfo", params=form),
        await client.post("/oauth2/userinfo"),
        await client.get("/oauth2/userinfo", headers={"Authorization": "Basic eDp5"}),
    ):
        assert outcome(missing) == (401, "invalid_token")
        assert missing.headers["www-authenticate"] == "Bearer"


async def test_only_access_tokens_of_applications_with_openid_are_accepted(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    await add_resource(ORDERS, "orders:read")
    app = await add_application(client, services, scopes="openid profile")
    machine = await add_application(
        client, services, kind="machine", grant_types="client_credentials", scopes="orders:read"
    )
    tokens = await app.tokens("openid")
    own = (await machine.token("client_credentials")).json()["access_token"]

    for token in (ada.access_token, ada.refresh_token, tokens["id_token"], tokens["refresh_token"], "x.y.z"):
        response = await app.user_info(token)
        assert outcome(response) == (401, "invalid_token")
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    for token in (own, (await app.tokens("profile"))["access_token"]):
        assert outcome(await app.user_info(token)) == (403, "insufficient_scope")
    for path in ("/api/user/profile", "/api/user/sessions"):
        assert (await ada.call("GET", path, token=tokens["access_token"])).outcome == (401, "TOKEN_INVALID")


async def test_token_is_refused_when_it_expires_or_its_grant_ends(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    app = await add_application(client, services)
    token = (await app.tokens("openid"))["access_token"]
    await UserRow.update({UserRow.is_active: False}, force=True)
    assert outcome(await app.user_info(token)) == (401, "invalid_token")
    await UserRow.update({UserRow.is_active: True}, force=True)
    assert (await app.user_info(token)).status_code == 200
    await ada.log_out()
    assert outcome(await app.user_info(token)) == (401, "invalid_token")
