"""Granting and revoking roles: rank, one's own account, unverified users, limits, the last administrator."""

import asyncio

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.role_administration import assignments
from auth_api.kit.prometheus import registry
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.mail_flows import report
from tests.support.mailbox import Mailbox, token_of
from tests.support.roles import add_role, give_role
from tests.support.rows import age_sessions


async def user(user_factory: UserFactory, username: str, *roles: str) -> tuple[Actor, int]:
    """Return a verified user with these roles, and the id."""
    actor = await user_factory(username=username, is_verified=True)
    for role in roles:
        await give_role(username, role)
    return actor, (await actor.profile())["id"]


async def grant(actor: Actor, user_id: int | str, role: str = "support") -> ApiResponse:
    return await actor.call("PUT", f"/api/admin/users/{user_id}/roles/{role}")


async def revoke(actor: Actor, user_id: int | str, role: str = "support") -> ApiResponse:
    return await actor.call("DELETE", f"/api/admin/users/{user_id}/roles/{role}")


async def roles_of(actor: Actor) -> list[str]:
    roles: list[str] = (await actor.call("GET", "/api/user/permissions"))["roles"]
    return roles


async def test_role_is_granted_and_revoked(user_factory: UserFactory, mailbox: Mailbox) -> None:
    admin, admin_id = await user(user_factory, "boss", ADMINISTRATOR)
    bob, bob_id = await user(user_factory, "bob")

    granted = [(await grant(admin, bob_id)).status for _ in range(2)]
    held = await roles_of(bob)
    revoked = [(await revoke(admin, bob_id)).status for _ in range(2)]
    mails = await mailbox.collect()

    assert (granted, revoked, held, await roles_of(bob)) == ([204, 204], [204, 204], ["support"], [])
    rows = await AuditLogRow.select().where(AuditLogRow.resource == "role:support").order_by(AuditLogRow.id)
    assert [(row["action"], row["user_id"], row["actor"]) for row in rows] == [
        ("role:granted", bob_id, f"user:{admin_id}"),
        ("role:revoked", bob_id, f"user:{admin_id}"),
    ]
    assert [(mail.recipient, "support" in mail.text, "boss@example.com" in mail.text) for mail in mails] == [
        ("bob@example.com", True, False)
    ] * 2
    assert (await report(bob, token_of(mails[0]))).status == 200
    assert (await bob.profile()).status == 401


async def test_assignments_are_refused_in_order(user_factory: UserFactory) -> None:
    await add_role("assigner", ["roles:assign", "users:read"])
    await add_role("reader", ["users:read"])
    boss, boss_id = await user(user_factory, "boss", ADMINISTRATOR)
    ada, ada_id = await user(user_factory, "ada", "assigner")
    _, bob_id = await user(user_factory, "bob")
    eve = await user_factory(username="eve")
    eve_id = (await eve.profile())["id"]

    for act in (grant, revoke):
        for user_id in (10**6, 2**63, 0, f"0{bob_id}", "bob", -1):
            assert (await act(ada, user_id, "unknown")).outcome == (404, "USER_NOT_FOUND")
        for role in ("unknown", "%00", "Reader"):
            assert (await act(ada, ada_id, role)).outcome == (404, "ROLE_NOT_FOUND")
        for role in ("reader", ADMINISTRATOR):
            assert (await act(ada, ada_id, role)).outcome == (403, "SELF_CHANGE_REFUSED")
        assert (await act(ada, bob_id, "support")).outcome == (403, "RANK_TOO_LOW")
        assert (await act(ada, bob_id, ADMINISTRATOR)).outcome == (403, "RANK_TOO_LOW")
        assert (await act(ada, boss_id, "reader")).outcome == (403, "RANK_TOO_LOW")
        assert (await act(eve, bob_id, "reader")).outcome == (403, "PERMISSION_DENIED")
    assert (await grant(boss, eve_id, "reader")).outcome == (403, "EMAIL_NOT_VERIFIED")
    assert (await grant(ada, bob_id, "reader")).status == 204
    assert (await revoke(ada, bob_id, "reader")).status == 204


async def test_service_key_grants_within_its_scopes_and_personal_keys_never_do(user_factory: UserFactory) -> None:
    boss, _ = await user(user_factory, "boss", ADMINISTRATOR)
    _, bob_id = await user(user_factory, "bob")
    await add_role("reader", ["users:read"])
    scopes = ["roles:assign", "users:read"]
    account = await boss.call("POST", "/api/admin/service-accounts", json={"name": "robot"})
    path = f"/api/admin/service-accounts/{account['id']}/keys"
    key = await boss.call("POST", path, json={"name": "Key", "scopes": scopes})
    own = await boss.call("POST", "/api/user/keys", json={"name": "Own", "scopes": scopes})
    program, script = Actor(boss.client, access_token=key["secret"]), Actor(boss.client, access_token=own["secret"])

    outcomes = [(await grant(program, bob_id, role)).outcome for role in ("reader", "support", ADMINISTRATOR)]
    refused = await grant(script, bob_id, "reader")

    assert outcomes == [(204, ""), (403, "RANK_TOO_LOW"), (403, "RANK_TOO_LOW")]
    assert refused.outcome == (403, "SESSION_REQUIRED")
    (event,) = (await boss.call("GET", "/api/admin/audit?action=role:granted"))["items"]
    assert (event["actor"], event["by"], event["details"]) == (
        f"service:{account['id']}",
        "service",
        {"key_id": key["id"]},
    )


async def test_grant_needs_a_recent_proof(user_factory: UserFactory) -> None:
    boss, _ = await user(user_factory, "boss", ADMINISTRATOR)
    _, bob_id = await user(user_factory, "bob")
    await age_sessions(minutes=6)

    assert (await grant(boss, bob_id)).outcome == (403, "STEP_UP_REQUIRED")
    assert (await boss.call("GET", "/api/admin/roles")).status == 200


async def test_number_of_roles_of_a_user_is_limited_under_races(
    user_factory: UserFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignments, "MAX_ROLES_PER_USER", 3)
    admin, _ = await user(user_factory, "boss", ADMINISTRATOR)
    bob, bob_id = await user(user_factory, "bob")
    for number in range(8):
        await add_role(f"role-{number}", ["users:read"])

    outcomes = [each.outcome for each in await asyncio.gather(*(grant(admin, bob_id, f"role-{n}") for n in range(8)))]

    assert (outcomes.count((204, "")), outcomes.count((409, "LIMIT_REACHED"))) == (3, 5)
    assert len(await roles_of(bob)) == 3


async def test_administrators_who_remove_each_other_leave_one(user_factory: UserFactory) -> None:
    """Keycloak#20415, #36007: both saw the other one."""
    pair = [await user(user_factory, name, ADMINISTRATOR) for name in ("ada", "bob")]
    (ada, ada_id), (bob, bob_id) = pair

    for _ in range(30):
        responses = await asyncio.gather(revoke(ada, bob_id, ADMINISTRATOR), revoke(bob, ada_id, ADMINISTRATOR))
        left = [actor for actor, _ in pair if ADMINISTRATOR in await roles_of(actor)]
        assert len(left) == 1
        assert min(each.status for each in responses) == 204
        assert {each.outcome for each in responses} <= {
            (204, ""),
            (409, "LAST_ADMINISTRATOR"),
            (403, "RANK_TOO_LOW"),
        } | {(403, "PERMISSION_DENIED")}
        for actor, user_id in pair:
            if actor not in left:
                assert (await grant(left[0], user_id, ADMINISTRATOR)).status == 204


async def test_last_active_administrator_stays(user_factory: UserFactory) -> None:
    await add_role("assigner", ["roles:assign"])
    ada, ada_id = await user(user_factory, "ada", ADMINISTRATOR)
    bob, bob_id = await user(user_factory, "bob", ADMINISTRATOR)
    await UserRow.update({UserRow.is_active: False}).where(UserRow.username == "bob")

    assert (await revoke(ada, bob_id, ADMINISTRATOR)).status == 204
    await UserRow.update({UserRow.is_active: True}).where(UserRow.username == "bob")
    await grant(ada, bob_id, ADMINISTRATOR)
    await UserRow.update({UserRow.is_active: False}).where(UserRow.username == "ada")
    await bob.log_in()
    assert (await revoke(bob, ada_id, ADMINISTRATOR)).status == 204


async def test_roles_change_while_they_are_granted(user_factory: UserFactory) -> None:
    """Lost roles, deadlocks and violated foreign keys would be other responses."""
    boss, _ = await user(user_factory, "boss", ADMINISTRATOR)
    bob, bob_id = await user(user_factory, "bob")
    retried = registry.get_sample_value("auth_api_database_transactions_retried_total")

    for _ in range(10):
        created = await boss.call("POST", "/api/admin/roles", json={"name": "desk", "permissions": ["users:read"]})
        responses = await asyncio.gather(
            grant(boss, bob_id, "desk"),
            revoke(boss, bob_id, "desk"),
            boss.call("PATCH", "/api/admin/roles/desk", json={"permissions": []}),
            boss.call("DELETE", "/api/admin/roles/desk"),
            grant(boss, bob_id, "support"),
        )
        is_deleted = responses[3].status == 204
        assert created.status == 201
        assert {each.outcome for each in responses} <= {
            (200, ""),
            (204, ""),
            (404, "ROLE_NOT_FOUND"),
            (409, "IN_USE"),
        }
        assert (await boss.call("GET", "/api/admin/roles/desk")).status == (404 if is_deleted else 200)
        assert "support" in await roles_of(bob)
        if not is_deleted:
            await revoke(boss, bob_id, "desk")
            assert (await boss.call("DELETE", "/api/admin/roles/desk")).status == 204

    assert registry.get_sample_value("auth_api_database_transactions_retried_total") == retried
