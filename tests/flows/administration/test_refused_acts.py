"""Administrators cannot act on users who may do more, on themselves, or by another spelling of a path."""

from typing import Any, Final

import httpx

from auth_api.credentials.api_keys.api_key import KeyOwner
from auth_api.events.audit.tables import AuditLogRow
from auth_api.events.outbox.delivery import Delivery
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.administrators import USERS, act_on, administrator, id_of
from tests.support.api_keys import add_key, add_service_account
from tests.support.counters import age_counters
from tests.support.mail_flows import mark_all_verified
from tests.support.mailbox import Mailbox
from tests.support.roles import add_role, give_role
from tests.support.rows import age_sessions

ACTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "": ("PATCH", {"display_name": "Eve"}),
    "/disable": ("POST", {}),
    "/enable": ("POST", {}),
    "/password/reset": ("POST", {}),
    "/email/resend": ("POST", {}),
    "/email": ("POST", {"new_email": "eve@example.org"}),
    "/factors/reset": ("POST", {}),
    "/sessions": ("DELETE", {}),
    "/sessions/0199b1c2-7f00-7000-8000-000000000000": ("DELETE", {}),
    "?": ("DELETE", {}),
}
"""The acts on a user, by the end of their path."""

FRESH: Final = {"/disable", "/email", "/factors/reset", "?"}
"""Those that need a recent proof of identity."""

EVERY_PERMISSION: Final = ("sessions:end", "users:credentials", "users:delete", "users:reset", "users:write")


async def all_acts(actor: Actor, user_id: int | str) -> dict[str, ApiResponse]:
    """Send every act on a user."""
    return {
        path: await actor.call(method, f"{USERS}/{user_id}{path}", json=body if method != "DELETE" else None)
        for path, (method, body) in ACTS.items()
    }


async def test_acts_on_a_user_with_more_permissions_are_refused(user_factory: UserFactory, mailbox: Mailbox) -> None:
    """Otherwise the helpdesk could take over an administrator (keycloak#27669)."""
    await add_role("helpdesk", EVERY_PERMISSION)
    helpdesk, boss = await administrator(user_factory, "helpdesk"), await user_factory()
    await give_role(boss.username, "auditor")
    await mark_all_verified()
    await mailbox.collect()
    before = [await table.select() for table in (UserRow, SessionRow, AuditLogRow)]

    for outcome in [response.outcome for response in (await all_acts(helpdesk, await id_of(boss))).values()]:
        assert outcome == (403, "RANK_TOO_LOW")

    assert [await table.select() for table in (UserRow, SessionRow, AuditLogRow)] == before
    assert await mailbox.collect() == []


async def test_users_of_equal_rank_act_on_each_other(user_factory: UserFactory) -> None:
    await add_role("helpdesk", EVERY_PERMISSION)
    helpdesk, colleague = await administrator(user_factory, "helpdesk"), await user_factory()
    await give_role(colleague.username, "helpdesk")

    outcomes = {response.outcome for response in (await all_acts(helpdesk, await id_of(colleague))).values()}

    assert outcomes <= {(200, ""), (202, ""), (204, ""), (404, "SESSION_NOT_FOUND")}


async def test_acts_on_the_own_account_are_refused(user_factory: UserFactory, services: Services) -> None:
    admin = await administrator(user_factory)
    await administrator(user_factory, "support")
    (key,) = [await add_key(services, KeyOwner(user_id=await id_of(admin)), "users:write")]

    outcomes = {response.outcome for response in (await all_acts(admin, await id_of(admin))).values()}
    by_key = await admin.call("PATCH", f"{USERS}/{await id_of(admin)}", token=key.raw, json={"locale": "de"})

    assert outcomes == {by_key.outcome} == {(403, "SELF_CHANGE_REFUSED")}


async def test_refusals_come_in_one_order(user_factory: UserFactory) -> None:
    """Permission, proof, body, target: a caller without the permission learns nothing about a target."""
    admin, support = await administrator(user_factory), await administrator(user_factory, "auditor")
    for user_id in ("7000", "0", "07", "abc", str(2**63)):
        refused = await all_acts(admin, user_id)
        assert {response.outcome for response in refused.values()} == {(404, "USER_NOT_FOUND")}
        unknown = await admin.call("PATCH", f"{USERS}/{user_id}", json={"is_active": False})
        assert unknown.outcome == (400, "VALIDATION_ERROR")
    denied = await all_acts(support, "7000")
    assert {response.outcome for response in denied.values()} == {(403, "PERMISSION_DENIED")}
    assert {response["required_permission"] for response in denied.values()} == set(EVERY_PERMISSION)

    await age_sessions(minutes=6)

    stale = {path for path, response in (await all_acts(admin, "7000")).items() if response.code == "STEP_UP_REQUIRED"}
    assert stale == FRESH


async def test_fields_that_are_not_of_the_act_are_refused(user_factory: UserFactory) -> None:
    admin, grace = await administrator(user_factory), await user_factory()
    hidden: dict[str, Any] = {"is_active": False, "roles": [ADMINISTRATOR], "email_verified": True, "email": "a@b.org"}

    for name, value in hidden.items():
        for path in ("", "/disable", "/enable", "/password/reset", "/factors/reset"):
            method, body = ACTS[path]
            refused = await act_on(admin, method, grace, path, **{**body, name: value})
            assert refused.outcome == (400, "VALIDATION_ERROR")
            assert [(error["field"], error["code"]) for error in refused["errors"]] == [(name, "unknown")]


async def test_other_spellings_of_a_path_are_not_found(user_factory: UserFactory) -> None:
    admin, grace = await administrator(user_factory), await user_factory()
    path = f"{USERS}/{await id_of(grace)}/disable"
    others = [path.upper(), path.replace("/users", "//users"), f"/{path}", f"{path}/", f"{path}%2f", f"{path};a"]
    others += [path.replace("admin", "%61dmin"), path.replace("/api", "/%61pi")]

    for other in others:
        url = httpx.URL("http://testserver", raw_path=other.encode())
        response = await admin.client.post(
            url, json={}, headers={"Authorization": f"Bearer {admin.access_token}"}, follow_redirects=False
        )
        assert response.status_code in {404, 405}, other
    override = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"}
    overridden = await admin.call("GET", path.removesuffix("/disable"), headers=override)

    assert (overridden.status, (await grace.profile()).status) == (200, 200)


async def test_service_account_acts_by_its_key_and_needs_no_recent_proof(
    user_factory: UserFactory, services: Services
) -> None:
    grace, boss = await user_factory(), await administrator(user_factory)
    key = await add_key(services, await add_service_account(), "users:write", "users:delete")
    grace.access_token = key.raw

    assert (await act_on(grace, "POST", boss, "/disable")).outcome == (403, "RANK_TOO_LOW")
    assert (await act_on(grace, "POST", grace, "/factors/reset")).outcome == (403, "SESSION_REQUIRED")
    assert (await act_on(grace, "POST", grace, "/disable"))["is_active"] is False
    assert (await act_on(grace, "DELETE", grace)).status == 204
    rows = await AuditLogRow.select().where(AuditLogRow.action.is_in(["account:disabled", "account:deleted"]))
    assert {row["actor"].partition(":")[0] for row in rows} == {"service"}


async def test_mails_by_administrators_are_limited_per_caller_and_per_user(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    """They use up neither the limit of the users' own requests nor that of other administrators."""
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000") as other:
        support, grace = Actor(other.client, username="boss", email="boss@x.org"), Actor(other.client)
        for actor in (support, grace):
            assert (await actor.register()).status == 201
        await give_role("boss", "support")

        sent = [await act_on(support, "POST", grace, "/password/reset") for _ in range(11)]
        assert [response.status for response in sent] == [202] * 10 + [429]
        assert sent[-1].code == "RATE_LIMITED"
        assert int(sent[-1].response.headers["Retry-After"]) > 0
        await other.services.of(Delivery).deliver_all()
        assert [mail.subject for mail in mailbox.sent].count("Set a new password") == 10
        own = await grace.call("POST", "/api/auth/password/forgot", token="", json={"email": grace.email})
        assert own.status == 202
        await age_counters(3600)
        assert (await act_on(support, "POST", grace, "/password/reset")).status == 202


async def test_server_without_mail_has_no_routes_that_send_any(
    app_with: OtherAppFactory, user_factory: UserFactory
) -> None:
    async with app_with() as other:
        boss = Actor(other.client, username="boss", email="boss@x.org")
        await boss.register()
        await give_role("boss", ADMINISTRATOR)

        for path in ("/password/reset", "/email/resend", "/email"):
            assert (await boss.call("POST", f"{USERS}/7{path}", json={})).outcome == (404, "NOT_FOUND")
        created = await boss.call("POST", USERS, json={"email": "grace@x.org", "username": "grace"})

    assert (created.outcome, created["errors"][0]["field"]) == ((400, "VALIDATION_ERROR"), "password")
    assert created["errors"][0]["code"] == "missing"
