"""What administrators do with users by the API: each act, its effects and its event."""

import json
from typing import Any, Final

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.administrators import USERS, act_on, administrator, id_of
from tests.support.factors import add_totp, switch_two_step_on
from tests.support.mail_flows import confirm, mark_all_verified, reset, verify
from tests.support.mailbox import Mailbox, token_of

NEW: Final[dict[str, Any]] = {"email": "Grace@Example.com", "username": "Grace"}
BY_ADMINISTRATOR: Final = "administrator"


async def last_event(user: Actor) -> dict[str, Any]:
    """Return the newest event in the history of a user, as the user sees it."""
    await user.log_in()
    events = (await user.call("GET", "/api/user/audit-log"))["items"]
    return dict(next(event for event in events if event["by"] != "owner" and event["by"] is not None))


async def test_user_without_a_password_sets_one_by_the_mailed_link(user_factory: UserFactory, mailbox: Mailbox) -> None:
    admin = await administrator(user_factory)
    await mailbox.collect()

    created = await admin.call("POST", USERS, json={**NEW, "locale": "de", "metadata": {"plan": "pro", "none": None}})

    user = created.json
    assert (created.status, created.response.headers["Location"]) == (201, f"{USERS}/{user['id']}")
    assert (user["email"], user["username"], user["email_verified"]) == ("grace@example.com", "grace", False)
    assert (user["metadata"], user["roles"], user["has_password"]) == ({"plan": "pro"}, [], False)
    message = await mailbox.one()
    assert (message.recipient, message.subject) == ("grace@example.com", "Ihr neues Konto")
    grace = Actor(admin.client, username="grace", email="grace@example.com", password="Another-Horse-8-Battery")
    assert (await reset(grace, token_of(message))).status == 200
    assert (await grace.log_in())["user"]["email_verified"] is True
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "account:created")
    assert (row["user_id"], row["actor"]) == (user["id"], f"user:{await id_of(admin)}")


async def test_user_with_a_password_verifies_the_address_unless_the_administrator_does(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    admin, manager = await administrator(user_factory), await administrator(user_factory, "user-manager")
    await mailbox.collect()

    for caller, more in ((manager, {}), (admin, {"email_verified": True, "email": "mary@x.org", "username": "mary"})):
        created = await caller.call("POST", USERS, json={**NEW, "password": PASSWORD, **more})
        assert (created.status, created["email_verified"]) == (201, bool(more))
    message = await mailbox.one()
    assert message.subject == "Verify your e-mail address"
    assert (await verify(admin, token_of(message), password=PASSWORD)).status == 200

    refused = await manager.call("POST", USERS, json={**NEW, "email_verified": True})
    assert (refused.outcome, refused["required_permission"]) == ((403, "PERMISSION_DENIED"), "users:credentials")
    for fields, code in (({"email": "new@x.org"}, "DUPLICATE_USERNAME"), ({"username": "new"}, "DUPLICATE_EMAIL")):
        assert (await admin.call("POST", USERS, json={**NEW, **fields})).outcome == (409, code)
    weak = await admin.call("POST", USERS, json={"email": "a@x.org", "username": "newest", "password": "short"})
    assert weak.outcome == (400, "WEAK_PASSWORD")
    assert await UserRow.count() == 4


async def test_change_of_a_user_names_the_fields_and_mails_only_a_new_username(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    admin, grace = await administrator(user_factory), await user_factory(username="grace")
    await mark_all_verified()
    await mailbox.collect()

    changed = await act_on(admin, "PATCH", grace, display_name="Grace Hopper", metadata={"a": 1, "b": 2}, locale="en")
    assert (changed.status, changed["display_name"], changed["metadata"]) == (200, "Grace Hopper", {"a": 1, "b": 2})
    assert await mailbox.collect() == []
    renamed = await act_on(admin, "PATCH", grace, username="Hopper", metadata={"a": None})
    assert (renamed["username"], renamed["metadata"]) == ("hopper", {"b": 2})

    grace.username = "hopper"
    message = await mailbox.one()
    assert (message.recipient, message.subject) == (grace.email, "Your username was changed")
    assert "127.0.0.1" not in message.text + message.html
    event = await last_event(grace)
    assert (event["action"], event["details"], event["by"]) == (
        "account:changed",
        {"fields": ["metadata", "username"]},
        BY_ADMINISTRATOR,
    )
    assert (await act_on(admin, "PATCH", grace, username=admin.username)).outcome == (409, "DUPLICATE_USERNAME")
    empty = await act_on(admin, "PATCH", grace)
    assert (empty.outcome, empty["errors"][0]["code"]) == ((400, "VALIDATION_ERROR"), "missing")
    too_long = await act_on(admin, "PATCH", grace, metadata={"c": "x" * 4096})
    assert (too_long.outcome, too_long["errors"][0]["code"]) == ((400, "VALIDATION_ERROR"), "too_long")


async def test_user_is_disabled_and_enabled_without_a_mail(user_factory: UserFactory, mailbox: Mailbox) -> None:
    admin, grace = await administrator(user_factory), await user_factory()
    await mark_all_verified()
    await mailbox.collect()

    disabled = [(await act_on(admin, "POST", grace, "/disable"))["is_active"] for _ in range(2)]
    assert (disabled, (await grace.profile()).outcome) == ([False, False], (401, "TOKEN_REVOKED"))
    assert (await grace.log_in()).outcome == (403, "ACCOUNT_DISABLED")
    enabled = [(await act_on(admin, "POST", grace, "/enable"))["is_active"] for _ in range(2)]

    assert (enabled, (await grace.log_in()).status) == ([True, True], 200)
    assert await mailbox.collect() == []
    actions = AuditLogRow.action.is_in(["account:disabled", "account:enabled"])
    assert await AuditLogRow.count().where(actions) == 2


async def test_deleted_user_is_told_without_the_device_of_the_administrator(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    admin, grace = await administrator(user_factory), await user_factory()
    admin.headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    await mark_all_verified()
    await mailbox.collect()
    user_id = await id_of(grace)

    assert (await act_on(admin, "DELETE", grace)).response.content == b""

    message = await mailbox.one()
    assert message.recipient == grace.email
    assert "was deleted by an administrator" in message.text
    assert not any(word in message.text + message.html for word in ("127.0.0.1", "Firefox", "your password"))
    assert (await grace.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await admin.call("DELETE", f"{USERS}/{user_id}")).outcome == (404, "USER_NOT_FOUND")
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "account:deleted")
    assert (row["user_id"], row["resource"], row["actor"]) == (None, f"user:{user_id}", f"user:{await id_of(admin)}")


async def test_links_are_sent_to_users_who_need_them(user_factory: UserFactory, mailbox: Mailbox) -> None:
    support, grace = await administrator(user_factory, "support"), await user_factory()
    await mailbox.collect()
    paths = ("/password/reset", "/email/resend")

    sent = [await act_on(support, "POST", grace, path) for path in paths]
    assert [(response.status, response["sent"]) for response in sent] == [(202, True)] * 2
    assert {message.subject for message in await mailbox.collect()} == {
        "Set a new password",
        "Verify your e-mail address",
    }
    assert (await grace.profile()).status == 200
    await mark_all_verified()
    assert [(await act_on(support, "POST", grace, path))["sent"] for path in paths] == [True, False]
    await mailbox.collect()
    assert (await last_event(grace))["action"] == "password:reset_requested"
    await UserRow.update({UserRow.is_active: False}).where(UserRow.username == grace.username)
    assert [(await act_on(support, "POST", grace, path))["sent"] for path in paths] == [False, False]
    assert await mailbox.collect() == []


async def test_new_email_is_confirmed_by_its_owner_and_can_be_undone(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    admin, grace = await administrator(user_factory), await user_factory()
    await mark_all_verified()
    await mailbox.collect()

    requested = await act_on(admin, "POST", grace, "/email", new_email="Grace@Example.org")
    assert (requested.status, list(requested.json)) == (202, ["message"])
    profile = (await grace.profile()).json
    assert (profile["email"], profile["email_verified"]) == (grace.email, True)
    link = await mailbox.one()
    assert link.recipient == "grace@example.org"
    assert (await confirm(grace, token_of(link))).status == 200
    notice = await mailbox.one()

    assert (notice.recipient, notice.subject) == (grace.email, "Your e-mail address was changed")
    assert (await grace.log_in())["user"]["email"] == "grace@example.org"
    for taken in ("grace@example.org", admin.email):
        refused = await act_on(admin, "POST", grace, "/email", new_email=taken)
        assert refused.outcome == (409, "DUPLICATE_EMAIL")


async def test_factors_are_removed_with_all_sessions(user_factory: UserFactory, services: Services) -> None:
    admin, grace = await administrator(user_factory), await user_factory()
    assert (await act_on(admin, "POST", grace, "/factors/reset")).json == {"factors_removed": 0, "sessions_ended": 0}
    assert (await grace.profile()).status == 200
    await add_totp(services, grace.username)
    await switch_two_step_on(grace.username)

    assert (await act_on(admin, "POST", grace, "/factors/reset")).json == {"factors_removed": 1, "sessions_ended": 1}

    event = await last_event(grace)
    assert (event["action"], event["by"]) == ("factors:reset", BY_ADMINISTRATOR)


async def test_sessions_of_a_user_are_listed_and_ended(user_factory: UserFactory) -> None:
    support, grace = await administrator(user_factory, "support"), await user_factory()
    for _ in range(2):
        await grace.log_in()

    page = await act_on(support, "GET", grace, "/sessions?limit=2")
    assert [session["current"] for session in page["items"]] == [False, False]
    assert page["next_cursor"]
    newest = page["items"][0]["id"]
    ended = [(await act_on(support, "DELETE", grace, f"/sessions/{newest}")).outcome for _ in range(2)]
    assert ended == [(204, ""), (404, "SESSION_NOT_FOUND")]
    assert (await grace.profile()).outcome == (401, "TOKEN_REVOKED")
    own = (await support.call("GET", "/api/user/sessions"))["items"][0]["id"]
    for other in (own, "7", "%00"):
        assert (await act_on(support, "DELETE", grace, f"/sessions/{other}")).code == "SESSION_NOT_FOUND"
    assert (await act_on(support, "DELETE", grace, "/sessions"))["sessions_ended"] == 2

    assert set(await SessionRow.select(SessionRow.ended_reason).output(as_list=True)) == {None, "ended_by_operator"}
    rows = await AuditLogRow.select().where(AuditLogRow.action.is_in(["session:ended", "sessions:ended"]))
    assert [row["resource"] for row in rows] == [f"session:{newest}", "account"]
    assert {json.loads(row["details"]).get("sessions_ended") for row in rows} == {None, 2}
