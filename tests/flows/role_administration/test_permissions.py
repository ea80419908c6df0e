"""Permissions that a team declares for its own APIs."""

import asyncio
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.roles import permission_catalogue
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.roles.permissions import BUILT_IN, RESERVED_AREAS
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.roles import give_role


@pytest.fixture
async def admin(user_factory: UserFactory) -> Actor:
    """An administrator."""
    actor = await user_factory(is_verified=True)
    await give_role(actor.username, ADMINISTRATOR)
    return actor


async def declare(actor: Actor, name: str, description: Any = "Orders") -> ApiResponse:
    return await actor.call("PUT", f"/api/admin/permissions/{name}", json={"description": description})


async def delete(actor: Actor, name: str) -> ApiResponse:
    return await actor.call("DELETE", f"/api/admin/permissions/{name}")


async def test_permission_is_declared_described_and_deleted(admin: Actor) -> None:
    created = await declare(admin, "orders:read")
    described = await declare(admin, "orders:read", "All orders")
    repeated = await declare(admin, "orders:read", "All orders")
    await admin.call("POST", "/api/admin/roles", json={"name": "desk", "permissions": ["orders:read", "users:read"]})
    listed = (await admin.call("GET", "/api/admin/permissions"))["items"]
    in_use = await delete(admin, "orders:read")
    await admin.call("DELETE", "/api/admin/roles/desk")
    deleted = await delete(admin, "orders:read")
    actor = f"user:{(await admin.profile())['id']}"

    assert (created.status, described.status, repeated.status) == (201, 200, 200)
    assert created.json == {
        "name": "orders:read",
        "description": "Orders",
        "built_in": False,
        "administrative": False,
        "roles": [],
        "created_by": actor,
        "created_at": created["created_at"],
    }
    assert described.json == repeated.json == {**created.json, "description": "All orders"}
    assert [each["name"] for each in listed] == sorted({*BUILT_IN, "orders:read"})
    by_name = {each["name"]: each for each in listed}
    assert by_name["orders:read"] == {**described.json, "roles": ["desk"]}
    users_read = by_name["users:read"]
    assert (users_read["roles"], users_read["built_in"], users_read["administrative"]) == (
        ["auditor", "desk", "support", "user-manager"],
        True,
        True,
    )
    assert (users_read["created_by"], users_read["created_at"]) == (None, None)
    assert (in_use.outcome, deleted.status) == ((409, "IN_USE"), 204)
    assert (await delete(admin, "orders:read")).outcome == (404, "PERMISSION_NOT_FOUND")
    rows = await AuditLogRow.select().where(AuditLogRow.resource == "permission:orders:read").order_by(AuditLogRow.id)
    assert [(row["action"], row["actor"]) for row in rows] == [
        ("permission:created", actor),
        ("permission:changed", actor),
        ("permission:deleted", actor),
    ]


async def test_permission_of_a_live_key_stays(admin: Actor) -> None:
    await declare(admin, "orders:read")
    key = await admin.call("POST", "/api/user/keys", json={"name": "Script", "scopes": ["orders:read"]})

    assert (key.status, (await delete(admin, "orders:read")).outcome) == (201, (409, "IN_USE"))
    await admin.call("DELETE", f"/api/user/keys/{key['id']}")
    assert (await delete(admin, "orders:read")).status == 204


async def test_invalid_permissions_are_refused(admin: Actor) -> None:
    for name in ("orders", "Orders:read", "orders:", "orders:read:all:too", "1:a", "a" * 32 + ":b", "*", "a:b%00"):
        response = await declare(admin, name)
        assert [(error["field"], error["code"]) for error in response.json["errors"]] == [("name", "format")], name
    for area in RESERVED_AREAS:
        response = await declare(admin, f"{area}:other")
        assert [(error["field"], error["code"]) for error in response.json["errors"]] == [("name", "reserved")], area
    for description in ("", "x" * 201, None):
        assert (await declare(admin, "orders:read", description)).outcome == (400, "VALIDATION_ERROR")
    for name in ("users:read", "profile:read"):
        assert (await declare(admin, name)).outcome == (409, "BUILT_IN")
        assert (await delete(admin, name)).outcome == (409, "BUILT_IN")
    assert (await delete(admin, "a:b%00")).outcome == (404, "PERMISSION_NOT_FOUND")


async def test_number_of_permissions_is_limited_under_races(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permission_catalogue, "MAX_PERMISSIONS", 5)

    outcomes = [each.outcome for each in await asyncio.gather(*(declare(admin, f"orders:p{n}") for n in range(20)))]

    assert (outcomes.count((201, "")), outcomes.count((409, "LIMIT_REACHED"))) == (5, 15)
    assert (await declare(admin, "orders:p" + str(outcomes.index((201, ""))), "New")).status == 200
