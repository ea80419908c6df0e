"""Administrators manage applications and resources by the API."""

from typing import Any

import pytest

from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.api_keys import add_key, add_service_account
from tests.support.oauth_clients import CALLBACK, register_client
from tests.support.roles import add_role, give_role

CLIENTS = "/api/admin/oauth/clients"
RESOURCES = "/api/admin/oauth/resources"
ORDERS = {"identifier": "https://orders.example.com", "name": "Orders", "scopes": []}
WIKI = {"name": "Wiki", "kind": "web", "redirect_uris": [CALLBACK]}


@pytest.fixture
async def admin(user_factory: UserFactory) -> Actor:
    """A user who may manage applications, but no more."""
    actor = await user_factory()
    await add_role("integrator", ["clients:read", "clients:write"])
    await give_role(actor.username, "integrator")
    return actor


async def test_application_is_registered_changed_and_deleted(admin: Actor) -> None:
    created = await admin.call("POST", CLIENTS, json=WIKI)
    secret = created.json.pop("client_secret")
    document = {name: value for name, value in created.json.items() if name != "client_secret"}
    url = f"{CLIENTS}/{created['client_id']}"

    assert (created.status, created["secrets"][0]["hint"]) == (201, f"…{secret[-4:]}")
    assert (await admin.call("GET", url)).json == document
    assert (await admin.call("GET", CLIENTS)).json == {"items": [document], "next_cursor": None}
    changed = await admin.call("PATCH", url, json={"uri": "https://wiki.example.com", "is_active": False})
    assert changed.json == {
        **document,
        "uri": "https://wiki.example.com",
        "is_active": False,
        "updated_at": changed["updated_at"],
    }
    assert (await admin.call("PATCH", url, json={"uri": None}))["uri"] is None
    rotated = await admin.call("POST", f"{url}/secret", json={})
    assert rotated["client_secret"] not in {secret, ""}
    assert [each["expires_at"] is None for each in rotated["secrets"]] == [True, False]
    for hours in (169, -1, True):
        assert (await admin.call("POST", f"{url}/secret", json={"overlap_hours": hours})).outcome == (
            400,
            "VALIDATION_ERROR",
        )
    refused_bodies: tuple[dict[str, Any], ...] = (
        {"kind": "spa"},
        {"client_id": "x"},
        {"redirect_uris": []},
        {"redirect_uris": None},
        {"scopes": ["x"]},
    )
    for body in refused_bodies:
        refused = await admin.call("PATCH", url, json=body)
        assert (refused.outcome, [each["field"] for each in refused["errors"]]) == (
            (400, "VALIDATION_ERROR"),
            list(body),
        )
    spa = await admin.call("POST", CLIENTS, json={**WIKI, "kind": "spa"})
    assert "client_secret" not in spa.json
    assert (await admin.call("POST", f"{CLIENTS}/{spa['client_id']}/secret", json={})).code == "VALIDATION_ERROR"
    assert (await admin.call("DELETE", url)).status == 204
    for method, path in (
        ("GET", url),
        ("PATCH", url),
        ("DELETE", url),
        ("POST", f"{url}/secret"),
        ("GET", f"{CLIENTS}/%00"),
    ):
        sent: dict[str, Any] | None = {} if method in {"PATCH", "POST"} else None
        assert (await admin.call(method, path, json=sent)).outcome == (404, "CLIENT_NOT_FOUND"), (method, path)


async def test_lists_have_pages(admin: Actor, services: Services) -> None:
    registered = [(await register_client(services)).client.client_id for _ in range(3)]
    created = [
        (await admin.call("POST", RESOURCES, json={**ORDERS, "identifier": f"urn:x:{n}"}))["id"] for n in range(3)
    ]

    for path, name, ids in ((CLIENTS, "client_id", registered), (RESOURCES, "id", created)):
        first = await admin.call("GET", path, params={"limit": 2})
        rest = await admin.call("GET", path, params={"limit": 2, "cursor": first["next_cursor"]})
        assert [item[name] for page in (first, rest) for item in page["items"]] == ids[::-1]
        assert rest["next_cursor"] is None
        assert (await admin.call("GET", path, params={"cursor": "x"})).outcome == (400, "VALIDATION_ERROR")


async def test_resource_is_created_changed_and_deleted(admin: Actor) -> None:
    scope = {"name": "orders:read", "description": "Read your orders."}
    created = await admin.call("POST", RESOURCES, json={**ORDERS, "scopes": [scope], "access_token_minutes": 5})
    url = f"{RESOURCES}/{created['id']}"

    assert (created.status, created["scopes"], created["access_token_minutes"]) == (201, [scope], 5)
    assert (await admin.call("GET", url)).json == created.json
    changed = await admin.call("PATCH", url, json={"access_token_minutes": None, "scopes": []})
    assert changed.json == {
        **created.json,
        "scopes": [],
        "access_token_minutes": None,
        "updated_at": changed["updated_at"],
    }
    assert (await admin.call("PATCH", url, json={"identifier": "urn:y"})).outcome == (400, "VALIDATION_ERROR")
    taken = await admin.call("POST", RESOURCES, json=ORDERS)
    assert (taken.outcome, taken["errors"][0]["field"]) == ((409, "DUPLICATE_RESOURCE"), "identifier")
    assert (await admin.call("DELETE", url)).status == 204
    for path in (url, f"{RESOURCES}/0", f"{RESOURCES}/x", f"{RESOURCES}/01"):
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            assert (await admin.call(method, path, json=body)).outcome == (404, "RESOURCE_NOT_FOUND"), (method, path)


async def test_only_callers_with_all_permissions_let_applications_skip_consent(
    admin: Actor, user_factory: UserFactory
) -> None:
    boss = await user_factory()
    await give_role(boss.username, "administrator")
    url = f"{CLIENTS}/{(await admin.call('POST', CLIENTS, json=WIKI))['client_id']}"

    def required(response: ApiResponse) -> Any:
        return response.code and response["required_permission"]

    for field, value, ordinary in (
        ("first_party", True, False),
        ("require_pkce", False, True),
        ("scopes", ["roles"], []),
    ):
        assert required(await admin.call("PATCH", url, json={field: value})) == "*"
        assert required(await admin.call("POST", CLIENTS, json={**WIKI, field: value})) == "*"
        assert (await boss.call("PATCH", url, json={field: value})).status == 200
        attack = {"redirect_uris": [f"https://evil.example.com/{field}"]}
        assert required(await admin.call("PATCH", url, json=attack)) == "*"
        assert required(await admin.call("POST", f"{url}/secret", json={})) == "*"
        assert (await admin.call("PATCH", url, json={"is_active": False})).status == 200
        assert required(await admin.call("PATCH", url, json={"is_active": True})) == "*"
        assert required(await admin.call("PATCH", url, json={field: ordinary, **attack})) == "*"
        assert (await boss.call("PATCH", url, json={field: ordinary, "is_active": True})).status == 200
        assert (await admin.call("PATCH", url, json=attack)).status == 200
    assert await OAuthClientRow.count() == 1


async def test_route_needs_its_permission_or_the_key_of_a_service_account(
    user_factory: UserFactory, services: Services
) -> None:
    reader, stranger = await user_factory(), await user_factory()
    await give_role(reader.username, "auditor")
    owner = await add_service_account()
    key = (await add_key(services, owner, "clients:write")).raw

    for path, body in ((CLIENTS, WIKI), (RESOURCES, ORDERS)):
        assert (await reader.call("GET", path)).status == 200
        assert (await stranger.call("GET", path)).outcome == (403, "PERMISSION_DENIED")
        assert (await reader.call("POST", path, json=body)).outcome == (403, "PERMISSION_DENIED")
        assert (await stranger.call("POST", path, token="", json=body)).outcome == (401, "AUTHENTICATION_REQUIRED")
        assert (await stranger.call("POST", path, token=key, json=body)).status == 201


async def test_paths_do_not_exist_while_the_provider_is_off(app_with: OtherAppFactory, admin: Actor) -> None:
    async with app_with(OAUTH_ENABLED="false") as other:
        actor = Actor(other.client, access_token=admin.access_token)
        for path in (CLIENTS, RESOURCES):
            assert (await actor.call("GET", path)).outcome == (404, "NOT_FOUND")
