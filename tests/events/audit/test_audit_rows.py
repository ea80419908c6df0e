"""Audit rows: one per event, written in the transaction of the change."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_IP, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.faults import fault

Action = Callable[[Actor], Awaitable[ApiResponse]]


async def register(ada: Actor) -> ApiResponse:
    return await Actor(ada.client, username="eve", email="eve@example.com", headers=ada.headers).register()


async def log_in(ada: Actor) -> ApiResponse:
    return await ada.log_in()


async def fail_to_log_in(ada: Actor) -> ApiResponse:
    return await ada.log_in(password="Wrong-Horse-7-Staple")


async def log_in_as_unknown_user(ada: Actor) -> ApiResponse:
    return await ada.log_in(username="unknown1")


async def log_out(ada: Actor) -> ApiResponse:
    return await ada.log_out()


async def log_out_by_refresh_token(ada: Actor) -> ApiResponse:
    return await ada.call("POST", "/api/auth/logout", token="", json={"refresh_token": ada.refresh_token})


async def log_out_everywhere(ada: Actor) -> ApiResponse:
    return await ada.call("POST", "/api/auth/logout-all")


async def rename(ada: Actor) -> ApiResponse:
    return await ada.call("PATCH", "/api/user/profile", json={"username": "lovelace"})


async def delete(ada: Actor) -> ApiResponse:
    return await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})


EVENTS: dict[str, tuple[Action, int, str, str, dict[str, Any]]] = {
    "registered": (register, 201, "account:registered", "account", {}),
    "logged in": (log_in, 200, "login:succeeded", "account", {"methods": ["pwd"], "acr": "aal1"}),
    "wrong password": (fail_to_log_in, 401, "login:failed", "account", {"reason": "wrong_password"}),
    "unknown account": (log_in_as_unknown_user, 401, "login:failed", "account", {"reason": "unknown_account"}),
    "logged out": (log_out, 200, "session:logged_out", "session:{sid}", {}),
    "logged out by refresh token": (log_out_by_refresh_token, 200, "session:logged_out", "session:{sid}", {}),
    "logged out everywhere": (
        log_out_everywhere,
        200,
        "sessions:logged_out_everywhere",
        "account",
        {"sessions_ended": 1},
    ),
    "renamed": (rename, 200, "profile:changed", "account", {"fields": ["username"]}),
    "deleted": (delete, 204, "account:deleted", "user:{user_id}", {}),
}
WITHOUT_USER = {"unknown account", "deleted"}


@pytest.mark.parametrize("event", EVENTS)
async def test_event_stores_action_user_and_client(user_factory: UserFactory, event: str) -> None:
    act, status, action, resource, details = EVENTS[event]
    ada = await user_factory()
    session = await SessionRow.objects().first()
    assert session is not None
    user_id = (await ada.profile())["id"]
    ada.headers.update({"User-Agent": "Ada's phone", "X-Request-ID": "the-request-of-ada"})

    response = await act(ada)

    (row,) = await AuditLogRow.select().where(AuditLogRow.request_id == "the-request-of-ada")
    assert response.status == status
    assert {name: row[name] for name in ("action", "resource", "ip_address", "user_agent")} == {
        "action": action,
        "resource": resource.format(sid=session.id, user_id=user_id),
        "ip_address": CLIENT_IP,
        "user_agent": "Ada's phone",
    }
    assert json.loads(row["details"]) == details
    if event == "registered":
        assert row["user_id"] == response["id"]
    else:
        assert row["user_id"] == (None if event in WITHOUT_USER else user_id)


@pytest.mark.parametrize("event", EVENTS)
async def test_failed_audit_row_rolls_the_change_back(
    user_factory: UserFactory, services: Services, event: str
) -> None:
    ada = await user_factory()
    before = [await table.select() for table in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)]

    async with fault(services.core.database.engine, "refuse", "INSERT", "audit_logs"):
        response = await EVENTS[event][0](ada)

    assert response.outcome == (500, "INTERNAL_ERROR")
    assert [await table.select() for table in (UserRow, SessionRow, RefreshTokenRow, AuditLogRow)] == before


async def test_failed_login_of_a_disabled_account_stores_the_reason(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await UserRow.update({UserRow.is_active: False}, force=True)

    await ada.log_in()

    row = await AuditLogRow.select().order_by(AuditLogRow.id, ascending=False).first()
    assert row is not None
    assert (row["action"], json.loads(row["details"])) == ("login:failed", {"reason": "account_disabled"})


async def test_refresh_writes_no_audit_row(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await ada.refresh()
    await ada.try_refresh("rt_unknown")

    assert await AuditLogRow.count() == 1


async def test_audit_rows_contain_no_input_of_the_client(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await ada.log_in(username="typed-name", password="Typed-Password-7")
    await ada.log_in(username=None, email="typed@example.com")

    assert "typed" not in str(await AuditLogRow.select()).lower()
