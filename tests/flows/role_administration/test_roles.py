"""Roles: who may create, change and delete which, and what applies at once."""

import asyncio
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.roles import role_catalogue
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.invitations import invite
from tests.support.roles import add_role, give_role

ROLE = {"name": "order-desk", "description": "Orders", "permissions": ["users:read", "audit:read", "users:read"]}


@pytest.fixture
async def admin(user_factory: UserFactory) -> Actor:
    """An administrator."""
    actor = await user_factory(is_verified=True)
    await give_role(actor.username, ADMINISTRATOR)
    return actor


@pytest.fixture
async def editor(user_factory: UserFactory) -> Actor:
    """A user who may edit roles, and read users."""
    actor = await user_factory(username="editor", is_verified=True)
    await add_role("editor", ["roles:read", "roles:write", "users:read"])
    await give_role(actor.username, "editor")
    return actor


async def create(actor: Actor, **changed: Any) -> ApiResponse:
    return await actor.call("POST", "/api/admin/roles", json={**ROLE, **changed})


async def change(actor: Actor, name: str = "order-desk", **fields: Any) -> ApiResponse:
    return await actor.call("PATCH", f"/api/admin/roles/{name}", json=fields)


async def delete(actor: Actor, name: str = "order-desk") -> ApiResponse:
    return await actor.call("DELETE", f"/api/admin/roles/{name}")


def field_codes(response: ApiResponse) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json["errors"]]


async def recorded() -> list[tuple[str, str, str]]:
    """Return the events of roles: action, resource, actor."""
    rows = await AuditLogRow.select().where(AuditLogRow.user_id.is_null()).order_by(AuditLogRow.id)
    return [(row["action"], row["resource"], row["actor"]) for row in rows]


async def test_role_is_created_changed_and_deleted(admin: Actor) -> None:
    created = await create(admin)
    listed = await admin.call("GET", "/api/admin/roles")
    changed = await change(admin, description="Desk")
    unchanged = await change(admin, description="Desk")
    emptied = await change(admin, permissions=[])
    deleted = await delete(admin)
    actor = f"user:{(await admin.profile())['id']}"

    assert created.status == 201
    assert {key: created[key] for key in ROLE} == {**ROLE, "permissions": ["audit:read", "users:read"]}
    assert (created["built_in"], created["administrative"]) == (False, True)
    names = [role["name"] for role in listed["items"]]
    assert (names, listed["next_cursor"]) == (
        ["administrator", "auditor", "order-desk", "support", "user-manager"],
        None,
    )
    assert created.json in listed["items"]
    assert (changed["description"], changed["permissions"]) == ("Desk", created["permissions"])
    assert (emptied["permissions"], emptied["administrative"], emptied["description"]) == ([], False, "Desk")
    assert unchanged.json == changed.json
    assert emptied["updated_at"] > created["updated_at"] >= created["created_at"]
    assert (deleted.status, (await admin.call("GET", "/api/admin/roles/order-desk")).outcome) == (
        204,
        (404, "ROLE_NOT_FOUND"),
    )
    assert await recorded() == [
        ("role:created", "role:order-desk", actor),
        *[("role:changed", "role:order-desk", actor)] * 2,
        ("role:deleted", "role:order-desk", actor),
    ]


async def test_invalid_roles_are_refused(admin: Actor) -> None:
    for name in ("o", "Orders", "orders-", "1orders", "or ders", "x" * 51, "orders\n", ""):
        assert field_codes(await create(admin, name=name))[0][0] == "name", name
    for permissions in (["*"], ["orders:read"], ["users:read", "Users:read"], [""]):
        assert field_codes(await create(admin, permissions=permissions)) == [("permissions", "not_found")]
    assert field_codes(await create(admin, permissions=["users:read"] * 101)) == [("permissions", "too_long")]
    assert field_codes(await create(admin, description="x" * 201)) == [("description", "too_long")]
    assert field_codes(await create(admin, built_in=True)) == [("built_in", "unknown")]
    assert (await create(admin)).status == 201
    assert field_codes(await admin.call("PATCH", "/api/admin/roles/order-desk", json={"name": "orders"})) == [
        ("name", "unknown")
    ]
    assert (await change(admin, description=None)).status == 200
    assert field_codes(await change(admin, permissions=["*"])) == [("permissions", "not_found")]
    for name in ("order-desk", ADMINISTRATOR):
        assert (await create(admin, name=name)).outcome == (409, "DUPLICATE_NAME")
    for name in (ADMINISTRATOR, "auditor"):
        assert (await change(admin, name, description="x")).outcome == (409, "BUILT_IN")
        assert (await delete(admin, name)).outcome == (409, "BUILT_IN")
    for name in ("unknown", "%00", "Order-desk", "x" * 60):
        assert (await change(admin, name, description="x")).outcome == (404, "ROLE_NOT_FOUND")
        assert (await admin.call("GET", f"/api/admin/roles/{name}")).outcome == (404, "ROLE_NOT_FOUND")


async def test_rank_limits_the_roles_that_a_caller_can_write(admin: Actor, editor: Actor) -> None:
    """Keycloak#27669: users who could edit a role raised its holders above themselves."""
    await create(admin)

    assert (await create(editor, name="readers", permissions=["users:read"])).status == 201
    assert (await create(editor, name="writers")).outcome == (403, "RANK_TOO_LOW")
    assert (await change(editor, "readers", permissions=["users:write"])).outcome == (403, "RANK_TOO_LOW")
    assert (await change(editor, permissions=[])).outcome == (403, "RANK_TOO_LOW")
    assert (await change(editor, ADMINISTRATOR, description="x")).outcome == (403, "RANK_TOO_LOW")
    assert (await delete(editor)).outcome == (403, "RANK_TOO_LOW")
    assert (await change(editor, "readers", permissions=[])).status == 200
    assert (await delete(editor, "readers")).status == 204


async def test_role_in_use_stays(admin: Actor, user_factory: UserFactory) -> None:
    await create(admin)
    await give_role((await user_factory(username="bob")).username, "order-desk")

    assert (await delete(admin)).outcome == (409, "IN_USE")
    assert (await admin.call("GET", "/api/admin/roles/order-desk")).status == 200


async def test_role_of_a_pending_invitation_stays(admin: Actor, services: Services) -> None:
    await create(admin)
    await create(admin, name="order")
    await invite(services, "order-desk")

    assert (await delete(admin)).outcome == (409, "IN_USE")
    assert (await delete(admin, "order")).status == 204
    await InvitationRow.update({InvitationRow.revoked_at: InvitationRow.created_at}, force=True)
    assert (await delete(admin)).status == 204


async def test_number_of_roles_is_limited_under_races(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_catalogue, "MAX_ROLES", 4 + 5)

    outcomes = [each.outcome for each in await asyncio.gather(*(create(admin, name=f"role-{n}") for n in range(20)))]

    assert outcomes.count((201, "")) == 5
    assert outcomes.count((409, "LIMIT_REACHED")) == 15
    assert len((await admin.call("GET", "/api/admin/roles"))["items"]) == 9


async def test_changed_role_applies_to_the_next_request(admin: Actor, user_factory: UserFactory) -> None:
    await create(admin)
    bob = await user_factory(username="bob")
    await give_role("bob", "order-desk")

    before = await bob.call("GET", "/api/admin/audit")
    await change(admin, permissions=["users:read"])
    after = await bob.call("GET", "/api/admin/audit")

    assert (before.status, after.outcome, after["required_permission"]) == (
        200,
        (403, "PERMISSION_DENIED"),
        "audit:read",
    )
