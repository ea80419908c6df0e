"""Introspection and revocation of tokens."""

import httpx

from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.clock import MovableClock
from tests.support.oauth_applications import ORDERS, Application, add_application, add_resource, claims_of, outcome
from tests.support.oauth_grants import ended_grants
from tests.support.rows import audit_actions

INACTIVE = {"active": False}


async def introspected(app: Application, token: str) -> dict[str, object]:
    response = await app.post("/oauth2/introspect", token=token)
    assert response.headers["cache-control"] == "no-store"
    answer: dict[str, object] = response.json()
    return answer


async def test_token_is_shown_to_its_application_and_to_those_that_introspect_its_audience(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    ada = await user_factory()
    await add_resource(ORDERS, "orders:read")
    app = await add_application(client, services, scopes="openid orders:read")
    api = await add_application(client, services, introspects=f"{ORDERS} auth_api")
    other = await add_application(client, services, introspects="https://other.example.com")
    tokens = await app.tokens("openid", "orders:read")
    claims = claims_of(tokens["access_token"])
    user = await UserRow.select(UserRow.subject).first()
    assert user is not None

    for reader, token, expected in (
        (app, tokens["access_token"], {"active": True, "token_type": "Bearer", **claims}),
        (api, tokens["access_token"], {"active": True, "token_type": "Bearer", **claims}),
        (other, tokens["access_token"], INACTIVE),
        (
            api,
            ada.access_token,
            {"active": True, "token_type": "Bearer", **claims_of(ada.access_token), "subject": str(user["subject"])},
        ),
        (app, ada.access_token, INACTIVE),
        (api, tokens["refresh_token"], INACTIVE),
        (api, tokens["id_token"], INACTIVE),
        (app, tokens["id_token"], INACTIVE),
        (api, ada.refresh_token, INACTIVE),
        (app, "nonsense", INACTIVE),
    ):
        assert await introspected(reader, token) == expected
    shown = await introspected(app, tokens["refresh_token"])
    assert {name: shown[name] for name in ("active", "client_id", "scope", "sub")} == {
        "active": True,
        "client_id": app.client_id,
        "scope": "openid orders:read",
        "sub": claims["sub"],
    }
    assert outcome(await app.post("/oauth2/introspect")) == (400, "invalid_request")
    spa = await add_application(client, services, kind="spa")
    assert outcome(await spa.post("/oauth2/introspect", token="x")) == (401, "invalid_client")


async def test_token_is_inactive_once_something_it_depends_on_has_ended(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory, clock: MovableClock
) -> None:
    ada = await user_factory()
    await add_resource(ORDERS, "orders:read")
    app = await add_application(client, services, introspects="auth_api")
    machine = await add_application(
        client, services, kind="machine", grant_types="client_credentials", scopes="orders:read", introspects=ORDERS
    )
    tokens = await app.tokens("openid", "offline_access")
    own = (await machine.token("client_credentials")).json()["access_token"]

    async def active() -> list[object]:
        of_app = [tokens["access_token"], tokens["refresh_token"], ada.access_token]
        api = await add_application(client, services, introspects=f"{ORDERS} auth_api")
        shown = [await introspected(app, token) for token in of_app] + [await introspected(api, own)]
        return [each["active"] for each in shown]

    assert await active() == [True, True, True, True]
    await OAuthClientRow.update({OAuthClientRow.is_active: False}).where(OAuthClientRow.id == machine.row_id)
    assert await active() == [True, True, True, False]
    await UserRow.update({UserRow.is_active: False}, force=True)
    assert await active() == [False, False, False, False]
    await UserRow.update({UserRow.is_active: True}, force=True)
    await ada.log_out()
    assert await active() == [True, True, False, False]
    clock.move(minutes=11)
    assert await active() == [False, True, False, False]


async def test_revoked_refresh_token_ends_its_grant(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app, other = await add_application(client, services, kind="spa"), await add_application(client, services)
    tokens = await app.tokens("openid", "offline_access")
    first = tokens["refresh_token"]
    await app.refresh(first)

    assert outcome(await other.post("/oauth2/revoke", token=first)) == (400, "unauthorized_client")
    for unknown in (first[:26] + "A" * 43, "ort_" + "A" * 65, "nonsense", tokens["id_token"]):
        response = await app.post("/oauth2/revoke", token=unknown)
        assert (response.status_code, response.content) == (200, b"")
    assert outcome(await app.post("/oauth2/revoke")) == (400, "invalid_request")
    assert await ended_grants() == {}

    assert (await app.post("/oauth2/revoke", token=first, token_type_hint="access_token")).status_code == 200

    assert list((await ended_grants()).values()) == ["revoked_by_client"]
    assert (await audit_actions())[-1] == "oauth:grant_ended"
    assert outcome(await app.user_info(tokens["access_token"])) == (401, "invalid_token")


async def test_revoked_access_token_is_refused_and_its_grant_stays(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory()
    app, other = await add_application(client, services), await add_application(client, services)
    tokens = await app.tokens("openid")
    token = tokens["access_token"]

    assert outcome(await other.post("/oauth2/revoke", token=token)) == (400, "unauthorized_client")
    assert (await app.user_info(token)).status_code == 200
    for _ in range(2):
        assert (await app.post("/oauth2/revoke", token=token)).status_code == 200

    assert outcome(await app.user_info(token)) == (401, "invalid_token")
    assert await introspected(app, token) == INACTIVE
    renewed = (await app.refresh(tokens["refresh_token"])).json()
    assert (await app.user_info(renewed["access_token"])).status_code == 200
