"""Administrators who lose their authority after a request was admitted, and before its transaction."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import pytest

from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.db.database import Database
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.roles.tables import UserRoleRow
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.administrators import USERS, administrator, id_of
from tests.support.mail_flows import confirm, mark_all_verified
from tests.support.mailbox import Mailbox, token_of
from tests.support.roles import add_permission, add_role, give_role

ACCOUNTS: Final = "/api/admin/service-accounts"
INVITATIONS: Final = "/api/admin/invitations"

ACTS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("POST", USERS, {"email": "new@example.com", "username": "newest", "password": PASSWORD}),
    ("PATCH", f"{USERS}/{{user}}", {"display_name": "Grace"}),
    ("POST", f"{USERS}/{{user}}/disable", {}),
    ("POST", f"{USERS}/{{user}}/enable", {}),
    ("POST", f"{USERS}/{{user}}/password/reset", {}),
    ("POST", f"{USERS}/{{user}}/email", {"new_email": "stranger@example.com"}),
    ("POST", f"{USERS}/{{user}}/factors/reset", {}),
    ("DELETE", f"{USERS}/{{user}}/sessions", None),
    ("PUT", f"{USERS}/{{user}}/roles/support", None),
    ("DELETE", f"{USERS}/{{user}}/roles/empty", None),
    ("DELETE", f"{USERS}/{{user}}", None),
    ("POST", "/api/admin/roles", {"name": "another", "permissions": []}),
    ("PATCH", "/api/admin/roles/empty", {"permissions": ["users:read"]}),
    ("DELETE", "/api/admin/roles/unused", None),
    ("PUT", "/api/admin/permissions/orders:read", {"description": "Read."}),
    ("DELETE", "/api/admin/permissions/orders:write", None),
    ("POST", ACCOUNTS, {"name": "another"}),
    ("POST", f"{ACCOUNTS}/{{account}}/keys", {"name": "one", "scopes": ["users:read"]}),
    ("PATCH", f"{ACCOUNTS}/{{account}}", {"is_active": False}),
    ("DELETE", f"{ACCOUNTS}/{{account}}/keys/{{key}}", None),
    ("DELETE", f"{ACCOUNTS}/{{account}}", None),
    ("POST", INVITATIONS, {"email": "friend@example.com", "roles": ["support"]}),
    ("POST", f"{INVITATIONS}/{{invitation}}/resend", {}),
    ("DELETE", f"{INVITATIONS}/{{invitation}}", None),
)

Lose = Callable[[int], Awaitable[object]]

LOSSES: Final[dict[str, tuple[Lose, tuple[int, str]]]] = {
    "demoted": (
        lambda user_id: UserRoleRow.delete().where(UserRoleRow.user_id == user_id),
        (403, "PERMISSION_DENIED"),
    ),
    "disabled": (
        lambda user_id: UserRow.update({UserRow.is_active: False}).where(UserRow.id == user_id),
        (401, "TOKEN_REVOKED"),
    ),
    "logged out": (
        lambda user_id: SessionRow.raw("UPDATE sessions SET ended_at = clock_timestamp() WHERE user_id = {}", user_id),
        (401, "TOKEN_REVOKED"),
    ),
}


@contextmanager
def before_the_transaction(act: Callable[[], Awaitable[object]]) -> Iterator[None]:
    """Do something before the next transaction begins."""
    transaction = Database.transaction
    is_done: list[bool] = []

    async def act_first(database: Database, work: Callable[[], Awaitable[Any]]) -> Any:
        if not is_done:
            is_done.append(True)
            await act()
        return await transaction(database, work)

    with patch.object(Database, "transaction", act_first):
        yield
    assert is_done


async def created(admin: Actor, path: str, **fields: object) -> int:
    """Create something, and return its id."""
    response = await admin.call("POST", path, json=fields)
    assert response.status == 201
    return int(response["id"])


@pytest.mark.parametrize("loss", LOSSES)
async def test_act_that_was_admitted_before_its_caller_lost_the_authority_is_refused(
    user_factory: UserFactory, mailbox: Mailbox, loss: str
) -> None:
    lose, refusal = LOSSES[loss]
    boss, grace = await administrator(user_factory), await user_factory(username="grace")
    await mark_all_verified()
    await add_role("empty", [])
    await add_role("unused", [])
    await give_role(grace.username, "empty")
    await add_permission("orders:write")
    account = await created(boss, ACCOUNTS, name="exporter")
    ids = {
        "user": await id_of(grace),
        "account": account,
        "key": await created(boss, f"{ACCOUNTS}/{account}/keys", name="first", scopes=["users:read"]),
        "invitation": await created(boss, INVITATIONS, email="mary@example.com", roles=["support"]),
    }
    dismissed = await user_factory(username="dismissed")
    caller_id = await id_of(dismissed)
    await mailbox.collect()

    for method, path, body in ACTS:
        await UserRow.update({UserRow.is_active: True}).where(UserRow.id == caller_id)
        await UserRoleRow.delete().where(UserRoleRow.user_id == caller_id)
        await give_role(dismissed.username, ADMINISTRATOR)
        await dismissed.log_in()
        with before_the_transaction(lambda: lose(caller_id)):
            refused = await dismissed.call(method, path.format(**ids), **({} if body is None else {"json": body}))
        assert (refused.outcome, method, path) == (refusal, method, path)

    by_caller = AuditLogRow.actor == f"user:{caller_id}"
    assert await AuditLogRow.count().where(by_caller, AuditLogRow.action != "login:succeeded") == 0
    assert await mailbox.collect() == []


async def test_act_by_a_key_that_is_revoked_in_the_meantime_is_refused(user_factory: UserFactory) -> None:
    boss, grace = await administrator(user_factory), await user_factory(username="grace")
    account = await created(boss, ACCOUNTS, name="exporter")
    key = await boss.call("POST", f"{ACCOUNTS}/{account}/keys", json={"name": "one", "scopes": ["users:write"]})
    path = f"{USERS}/{await id_of(grace)}"

    def revoke() -> Awaitable[object]:
        return ApiKeyRow.raw("UPDATE api_keys SET revoked_at = clock_timestamp()")

    with before_the_transaction(revoke):
        refused = await boss.call("PATCH", path, token=key["secret"], json={"display_name": "Grace"})

    assert refused.outcome == (401, "TOKEN_REVOKED")
    assert (await boss.call("GET", path))["display_name"] is None


async def test_administrator_who_keeps_only_other_permissions_cannot_invite_with_roles(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    """The second permission of a request is confirmed, too."""
    caller = await user_factory(username="caller")
    await add_role("inviters", ["invitations:write"])
    await add_role("assigners", ["roles:assign"])
    await add_role("empty", [])
    for role in ("inviters", "assigners"):
        user_id = await give_role(caller.username, role)

    def demote() -> Awaitable[object]:
        return UserRoleRow.raw(
            "DELETE FROM user_roles WHERE user_id = {} AND role_id = (SELECT id FROM roles WHERE name = 'assigners')",
            user_id,
        )

    with before_the_transaction(demote):
        refused = await caller.call("POST", INVITATIONS, json={"email": "mary@example.com", "roles": ["empty"]})

    assert (refused.outcome, refused["required_permission"]) == ((403, "PERMISSION_DENIED"), "roles:assign")
    await mailbox.collect()


@pytest.mark.parametrize("change", ["promoted user", "demoted administrator", "disabled administrator"])
async def test_email_change_of_an_administrator_needs_the_rank_when_its_link_is_used(
    user_factory: UserFactory, mailbox: Mailbox, change: str
) -> None:
    """Otherwise a manager waits until the user is promoted, and takes over an administrator."""
    await add_role("helpers", ["users:credentials", "users:read"])
    boss, helper = await administrator(user_factory), await administrator(user_factory, "helpers")
    grace = await user_factory(username="grace")
    await mark_all_verified()
    await mailbox.collect()
    path = f"{USERS}/{await id_of(grace)}/email"
    assert (await helper.call("POST", path, json={"new_email": "eve@example.com"})).status == 202
    link = await mailbox.one()

    targets = {
        "promoted user": (grace, "PUT", "/roles/administrator"),
        "demoted administrator": (helper, "DELETE", "/roles/helpers"),
    }
    target, method, act = targets.get(change, (helper, "POST", "/disable"))
    body: dict[str, Any] = {"json": {}} if method == "POST" else {}
    assert (await boss.call(method, f"{USERS}/{await id_of(target)}{act}", **body)).status < 300

    assert (await confirm(grace, token_of(link))).outcome == (400, "ONE_TIME_TOKEN_INVALID")
    assert (await grace.profile())["email"] == grace.email
    await mailbox.collect()
