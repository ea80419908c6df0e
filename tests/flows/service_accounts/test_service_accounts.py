"""Administrators manage service accounts and their keys."""

import asyncio
from typing import Any

import pytest

from auth_api.credentials.api_keys import service_accounts as product
from auth_api.credentials.api_keys.service import MAX_KEYS_OF_SERVICE_ACCOUNT
from auth_api.credentials.api_keys.tables import ApiKeyRow, ServiceAccountRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.aged_rows import ago
from tests.support.api_keys import BY_ADA, add_key, add_service_account
from tests.support.roles import add_role, give_role

PATH = "/api/admin/service-accounts"
PERMISSIONS = "/api/user/permissions"
WRONG_IDS = ("0", "x", "01", str(2**63), "99999")


@pytest.fixture
async def admin(user_factory: UserFactory) -> Actor:
    """A user who may manage service accounts and read users, but no more."""
    actor = await user_factory()
    await add_role("keeper", ["service-accounts:read", "service-accounts:write", "users:read"])
    await give_role(actor.username, "keeper")
    return actor


async def create_account(actor: Actor, name: str = "billing", **fields: Any) -> ApiResponse:
    return await actor.call("POST", PATH, json={"name": name, **fields})


async def create_key(actor: Actor, account_id: object, *scopes: str, **fields: Any) -> ApiResponse:
    body = {"name": "Server 1", "scopes": list(scopes) or ["users:read"], **fields}
    return await actor.call("POST", f"{PATH}/{account_id}/keys", json=body)


async def test_key_of_a_service_account_works_until_it_ends(admin: Actor) -> None:
    account = await create_account(admin, description="Reads plans.")
    url = f"{PATH}/{account['id']}"
    first, second = [await create_key(admin, account["id"], expires_in_days=None) for _ in range(2)]

    async def used(key: ApiResponse) -> tuple[int, str]:
        return (await admin.call("GET", PERMISSIONS, token=key["secret"])).outcome

    assert (account.status, account["scopes"], account["created_by"]) == (201, [], first["created_by"])
    assert (first.status, first["expires_at"], first["scopes"]) == (201, None, ["users:read"])
    assert await used(first) == await used(second) == (200, "")
    assert (await admin.call("GET", url)).json == {**account.json, "scopes": ["users:read"]}
    assert [item["id"] for item in (await admin.call("GET", f"{url}/keys"))["items"]] == [second["id"], first["id"]]
    assert [item["id"] for item in (await admin.call("GET", PATH))["items"]] == [account["id"]]
    assert [(await admin.call("DELETE", f"{url}/keys/{first['id']}")).status for _ in range(2)] == [204, 204]
    assert await used(first) == (401, "TOKEN_REVOKED")
    disabled = await admin.call("PATCH", url, json={"is_active": False, "description": ""})
    assert (disabled["is_active"], disabled["description"]) == (False, "")
    assert await used(second) == (401, "TOKEN_REVOKED")
    await admin.call("PATCH", url, json={"is_active": True})
    await admin.call("PATCH", url, json={})
    assert await used(second) == (200, "")
    assert (await admin.call("DELETE", url)).status == 204
    assert await used(second) == (401, "TOKEN_INVALID")
    assert await ApiKeyRow.count() == 0
    events = await AuditLogRow.select(AuditLogRow.action, AuditLogRow.user_id).where(AuditLogRow.action.like("%:%"))
    actions = [row["action"] for row in events if row["action"].startswith(("key", "service"))]
    assert actions == [
        *("service_account:created", "key:created", "key:created", "key:revoked"),
        *("service_account:changed", "service_account:changed", "service_account:deleted"),
    ]


async def test_caller_needs_the_scopes_of_all_live_keys(admin: Actor, services: Services) -> None:
    """A caller with fewer permissions could otherwise take over, or cut off, a stronger program."""
    owner = await add_service_account("strong")
    url = f"{PATH}/{owner.service_account_id}"
    strong = await add_key(services, owner, "users:delete")
    weak = await add_key(services, owner, "users:read")

    attempts = [
        await create_key(admin, owner.service_account_id, "users:read"),
        await admin.call("PATCH", url, json={"description": "x"}),
        await admin.call("DELETE", f"{url}/keys/{weak.key.id}"),
        await admin.call("DELETE", url),
    ]
    assert {each.outcome for each in attempts} == {(403, "RANK_TOO_LOW")}
    assert (await admin.call("GET", url)).status == 200
    await services.core.api_keys.revoke(owner, strong.key.id, BY_ADA)
    assert (await create_key(admin, owner.service_account_id, "users:delete")).outcome == (403, "RANK_TOO_LOW")
    assert (await create_key(admin, owner.service_account_id, "users:read")).status == 201
    assert (await admin.call("DELETE", url)).status == 204


async def test_fields_and_ids_are_checked_in_the_documented_order(admin: Actor, services: Services) -> None:
    owner = await add_service_account("strong")
    await add_key(services, owner, "users:delete")

    for name in ("x", "Billing", "a-", "-a", "a_b", "a" * 51, "1a", "a\u0000b"):
        assert (await create_account(admin, name)).outcome == (400, "VALIDATION_ERROR"), name
    assert (await create_account(admin, "strong")).outcome == (409, "DUPLICATE_NAME")
    assert (await create_account(admin, "other", owner=1)).outcome == (400, "VALIDATION_ERROR")
    for unknown in ("*", "nothing:such"):
        refused = await create_key(admin, "99999", unknown)
        assert [(each["field"], each["code"]) for each in refused["errors"]] == [("scopes", "not_found")]
    assert (await create_key(admin, owner.service_account_id, expires_in_days=3651)).code == "VALIDATION_ERROR"
    for wrong in WRONG_IDS:
        account, key = f"{PATH}/{wrong}", f"{PATH}/{owner.service_account_id}/keys/{wrong}"
        not_found = (404, "SERVICE_ACCOUNT_NOT_FOUND")
        assert (await admin.call("GET", account)).outcome == not_found
        assert (await admin.call("GET", f"{account}/keys")).outcome == not_found
        assert (await admin.call("PATCH", account, json={})).outcome == not_found
        assert (await admin.call("DELETE", account)).outcome == not_found
        assert (await create_key(admin, wrong)).outcome == not_found
        assert (await admin.call("DELETE", f"{account}/keys/1")).outcome == not_found
        assert (await admin.call("DELETE", key)).outcome == (404, "KEY_NOT_FOUND")


async def test_writing_needs_a_person_with_a_recent_login(admin: Actor, services: Services) -> None:
    """A key never makes keys; revoking one needs no recent login."""
    owner = await add_service_account()
    scopes = ("service-accounts:read", "service-accounts:write")
    program, key = await add_key(services, owner, *scopes), await add_key(services, owner, "users:read")
    url = f"{PATH}/{owner.service_account_id}"
    bodies = {"POST": {"name": "x", "scopes": ["users:read"]}, "PATCH": {"is_active": False}}
    writes = [("POST", f"{url}/keys"), ("POST", PATH), ("PATCH", url), ("DELETE", url)]

    def arguments(method: str) -> dict[str, Any]:
        return {"json": bodies[method]} if method in bodies else {}

    for method, path in (*writes, ("DELETE", f"{url}/keys/{key.key.id}")):
        refused = await admin.call(method, path, token=program.raw, **arguments(method))
        assert refused.outcome == (403, "SESSION_REQUIRED")
    for path in (PATH, url, f"{url}/keys"):
        assert (await admin.call("GET", path, token=program.raw)).status == 200
    await SessionRow.update({SessionRow.auth_time: ago(hours=1)}, force=True)
    for method, path in writes:
        assert (await admin.call(method, path, **arguments(method))).outcome == (403, "STEP_UP_REQUIRED")
    assert (await admin.call("DELETE", f"{url}/keys/{key.key.id}")).status == 204
    denied = await admin.call("GET", PATH, token=key.raw)
    assert denied.outcome == (401, "TOKEN_REVOKED")


async def test_limits_hold_under_races(admin: Actor, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await add_service_account()
    for _ in range(MAX_KEYS_OF_SERVICE_ACCOUNT - 1):
        await add_key(services, owner, "users:read")

    raced = await asyncio.gather(*(create_key(admin, owner.service_account_id) for _ in range(5)))
    assert sorted(each.outcome for each in raced) == [(201, "")] + [(409, "LIMIT_REACHED")] * 4

    monkeypatch.setattr(product, "MAX_SERVICE_ACCOUNTS", 2)
    created = await asyncio.gather(*(create_account(admin, f"program-{number}") for number in range(4)))
    assert sorted(each.outcome for each in created) == [(201, "")] + [(409, "LIMIT_REACHED")] * 3
    assert await ServiceAccountRow.count() == 2
    same = await asyncio.gather(*(create_account(admin, "billing") for _ in range(3)))
    assert {each.outcome for each in same} == {(409, "DUPLICATE_NAME")}
