"""Who caused an event: in the rows, in the user's own history and in the operator's export."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.schemas import exported_view
from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.kit.pagination import PageRequest
from auth_api.kit.prometheus import registry
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from tests.conftest import CLIENT_IP, UserFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.aged_rows import ago
from tests.support.log_lines import logged
from tests.support.mail_flows import change_email, confirm, forgot, mark_all_verified, reset, verify
from tests.support.mailbox import Mailbox

Action = Callable[[Actor], Awaitable[ApiResponse]]


async def rename(ada: Actor) -> ApiResponse:
    return await ada.call("PATCH", "/api/user/profile", json={"username": "lovelace"})


async def log_out(ada: Actor) -> ApiResponse:
    return await ada.log_out()


async def log_out_by_refresh_token(ada: Actor) -> ApiResponse:
    return await ada.call("POST", "/api/auth/logout", token="", json={"refresh_token": ada.refresh_token})


async def log_out_everywhere(ada: Actor) -> ApiResponse:
    return await ada.call("POST", "/api/auth/logout-all", json={"keep_current": True})


async def log_in(ada: Actor) -> ApiResponse:
    return await ada.log_in()


async def fail_to_log_in(ada: Actor) -> ApiResponse:
    return await ada.log_in(password="Wrong-Horse-7-Staple")


async def newest_actor() -> str | None:
    row = await AuditLogRow.select().order_by(AuditLogRow.id, ascending=False).first()
    assert row is not None
    actor: str | None = row["actor"]
    return actor


async def user_id_of(actor: Actor) -> int:
    return int((await actor.profile())["id"])


async def exported(services: Services, user_id: int) -> list[Any]:
    """Return the events of a user, newest first, as operators see them."""
    events, _ = await services.core.audit.history(user_id, PageRequest(100))
    return [exported_view(event) for event in events]


def counted_acts() -> float:
    """Return how many times an administrator or a service account has enabled a user."""
    return registry.get_sample_value("auth_api_admin_acts_total", {"act": "account:enabled"}) or 0.0


async def seen_by(actor: Actor) -> list[str | None]:
    """Return `by` of the events in the user's own history, newest first."""
    return [event["by"] for event in (await actor.call("GET", "/api/user/audit-log"))["items"]]


@pytest.mark.parametrize("act", [rename, log_in, log_out, log_out_by_refresh_token, log_out_everywhere])
async def test_actor_of_a_session_is_the_owner(user_factory: UserFactory, act: Action) -> None:
    ada = await user_factory()

    await act(ada)

    assert await newest_actor() == "owner"


async def test_request_without_a_session_has_no_actor(user_factory: UserFactory) -> None:
    ada = await user_factory()
    assert await newest_actor() is None

    await fail_to_log_in(ada)

    assert await newest_actor() is None


async def test_owner_sees_who_caused_an_event(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await rename(ada)
    await services.of(AccountRecoveryService).verify_email(await services.core.users.find("lovelace"))

    export = await ada.call("GET", "/api/user/export")

    assert await seen_by(ada) == ["operator", "owner", None]
    assert [event["by"] for event in export["audit_events"]["items"]] == ["operator", "owner", None]
    assert "actor" not in export["audit_events"]["items"][0]
    events = await exported(services, await user_id_of(ada))
    assert [(event.actor, event.impersonator) for event in events] == [
        ("cli", None),
        (f"user:{await user_id_of(ada)}", None),
        (None, None),
    ]


@pytest.mark.parametrize(("has_session", "actor"), [(True, "owner"), (False, None)])
async def test_mailed_link_has_the_actor_of_the_session_that_is_sent_with_it(
    user_factory: UserFactory, mailbox: Mailbox, *, has_session: bool, actor: str | None
) -> None:
    ada = await user_factory()
    await mark_all_verified()
    await change_email(ada, "ada@example.org")

    await confirm(ada, await mailbox.token(), bearer=ada.access_token if has_session else "")

    assert await newest_actor() == actor


async def test_session_of_another_account_is_named_only_to_the_operator(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada, bob = await user_factory(), await user_factory(username="bob")
    await mark_all_verified()
    await change_email(ada, "ada@example.org")
    ada_id, bob_id = await user_id_of(ada), await user_id_of(bob)

    await confirm(ada, await mailbox.token(), bearer=bob.access_token)

    newest = (await exported(services, ada_id))[0]
    await ada.log_in(username=None, email="ada@example.org")
    assert (newest.action, newest.actor) == ("email:changed", f"user:{bob_id}")
    assert (await seen_by(ada))[1] is None


async def test_verification_has_the_actor_of_the_session(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()

    await verify(ada, await mailbox.token(), bearer=ada.access_token)

    assert await newest_actor() == "owner"


async def test_reset_by_mail_has_no_actor(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()
    await forgot(ada, ada.email)

    await reset(ada, await mailbox.token())

    actors = {row["action"]: row["actor"] for row in await AuditLogRow.select()}
    assert (actors["password:reset_requested"], actors["password:reset"]) == (None, None)


async def test_events_of_a_deleted_user_name_no_id(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await rename(ada)
    await ada.call("POST", "/api/user/delete", json={"current_password": PASSWORD})

    rows = await AuditLogRow.select().order_by(AuditLogRow.id)

    assert [(row["action"], row["user_id"], row["actor"]) for row in rows] == [
        ("account:registered", None, None),
        ("profile:changed", None, "owner"),
        ("account:deleted", None, "owner"),
    ]


async def test_event_of_a_version_without_actors_is_read_as_the_command_line(
    user_factory: UserFactory, services: Services
) -> None:
    """Rows are never changed, and an instance of that version may still write some."""
    ada = await user_factory()
    user_id = await user_id_of(ada)
    details = json.dumps({"by": "command line", "sessions_ended": 0})
    await AuditLogRow.insert(
        AuditLogRow(
            user_id=user_id, action="password:set", resource="account", details=details, created_at=ago(minutes=5)
        )
    )

    (stored, _), own = await exported(services, user_id), await seen_by(ada)

    assert (stored.actor, stored.details) == ("cli", {"by": "command line", "sessions_ended": 0})
    assert own == ["operator", None]


async def test_actor_of_a_later_version_is_exported(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await AuditLogRow.update({AuditLogRow.actor: "robot:3", AuditLogRow.impersonator: "user:9"}, force=True)

    (event,) = await exported(services, await user_id_of(ada))

    assert (event.actor, event.impersonator, event.by) == ("robot:3", "user:9", None)
    assert await seen_by(ada) == [None]


async def test_history_of_a_user_does_not_identify_an_administrator(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    ada_id = await user_id_of(ada)
    acts = counted_acts()
    for actor, key_id in ((f"user:{ada_id + 1}", None), ("service:3", 5), ("provider:google", None)):
        request_context = RequestContext(client_ip=CLIENT_IP, user_agent="Browser", actor=actor, key_id=key_id)
        await services.core.audit.record(AccountEvent.ACCOUNT_ENABLED, user_id=ada_id, request_context=request_context)

    own = (await ada.call("GET", "/api/user/audit-log?limit=3"))["items"]

    assert [(event["by"], event["ip_address"], event["user_agent"], event["details"]) for event in own] == [
        ("provider", CLIENT_IP, "Browser", {}),
        ("service", None, None, {}),
        ("administrator", None, None, {}),
    ]
    events = await exported(services, ada_id)
    assert [(event.actor, event.ip_address, event.details) for event in events[:3]] == [
        ("provider:google", CLIENT_IP, {}),
        ("service:3", CLIENT_IP, {"key_id": 5}),
        (f"user:{ada_id + 1}", CLIENT_IP, {}),
    ]
    assert counted_acts() == acts + 2


async def test_log_line_names_the_actor_of_the_row(user_factory: UserFactory) -> None:
    ada = await user_factory()

    with logged("INFO") as lines:
        await rename(ada)

    assert [line["actor"] for line in lines if line.get("event") == "profile:changed"] == ["owner"]
