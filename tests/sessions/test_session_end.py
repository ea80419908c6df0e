"""The end of a session takes effect at once, for its access and refresh tokens."""

from collections.abc import Awaitable, Callable

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.rows import age_sessions, audit_actions

End = Callable[[Actor, Services], Awaitable[object]]


async def log_out(ada: Actor, _: Services) -> None:
    await ada.log_out()


async def log_out_everywhere(ada: Actor, _: Services) -> None:
    await ada.call("POST", "/api/auth/logout-all")


async def disable(ada: Actor, services: Services) -> None:
    await operators.disable(services, ada.username)


async def delete(ada: Actor, _: Services) -> None:
    await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})


@pytest.mark.parametrize(
    ("end", "refresh"),
    [
        (log_out, "TOKEN_REVOKED"),
        (log_out_everywhere, "TOKEN_REVOKED"),
        (disable, "TOKEN_REVOKED"),
        (delete, "TOKEN_INVALID"),
    ],
    ids=["log out", "log out everywhere", "disable", "delete"],
)
async def test_tokens_of_an_ended_session_are_rejected(
    user_factory: UserFactory, services: Services, end: End, refresh: str
) -> None:
    ada = await user_factory()
    first_access, spent = ada.access_token, ada.refresh_token
    await ada.refresh()
    assert (await ada.profile()).status == 200

    await end(ada, services)

    assert [(await ada.profile(token)).outcome for token in (first_access, ada.access_token)] == [
        (401, "TOKEN_REVOKED")
    ] * 2
    assert [(await ada.try_refresh(token)).outcome for token in (spent, ada.refresh_token)] == [(401, refresh)] * 2
    assert (await ada.log_out()).status == 200


async def test_enabling_a_user_does_not_restore_sessions(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await operators.disable(services, "ada")
    await operators.enable(services, "ada")

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.log_in()).status == 200


async def test_logout_with_both_tokens_is_recorded_once(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await ada.call("POST", "/api/auth/logout", json={"refresh_token": ada.refresh_token})

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await audit_actions()).count("session:logged_out") == 1


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([("Authorization", "Bearer not.a.token")], "TOKEN_INVALID"),
        ([("Authorization", "Basic YWRhOmFkYQ==")], "AUTHENTICATION_REQUIRED"),
        ([("Authorization", "Bearer ")], "AUTHENTICATION_REQUIRED"),
        ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], "TOKEN_INVALID"),
    ],
    ids=["forged", "other scheme", "empty", "two headers"],
)
@pytest.mark.parametrize("body", [None, {}, {"refresh_token": None}], ids=["no body", "empty", "null"])
async def test_logout_without_a_refresh_token_requires_a_valid_access_token(
    ada: Actor, headers: list[tuple[str, str]], code: str, body: dict[str, None] | None
) -> None:
    response = await ada.client.post("/api/auth/logout", headers=headers, json=body)

    assert ApiResponse(response).outcome == (401, code)


async def test_logout_everywhere_does_not_affect_other_users(user_factory: UserFactory) -> None:
    ada, grace = await user_factory(), await user_factory()

    await ada.call("POST", "/api/auth/logout-all")

    assert (await grace.profile()).status == 200
    assert (await grace.try_refresh()).status == 200


async def test_logout_everywhere_does_not_count_expired_sessions(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await age_sessions(days=8)
    await ada.log_in()

    response = await ada.call("POST", "/api/auth/logout-all", json={})

    assert (response.status, response["sessions_ended"]) == (200, 1)


async def test_logout_everywhere_keeps_the_current_session_on_request(user_factory: UserFactory) -> None:
    ada = await user_factory()
    phone = Actor(ada.client)
    await phone.log_in()

    response = await ada.call("POST", "/api/auth/logout-all", json={"keep_current": True})

    assert response["sessions_ended"] == 1
    assert (await ada.try_refresh()).status == 200
    assert (await phone.try_refresh()).outcome == (401, "TOKEN_REVOKED")


@pytest.mark.parametrize("path", ["/api/auth/logout-all", "/api/user/delete"])
async def test_refresh_token_is_rejected_as_an_access_token(user_factory: UserFactory, path: str) -> None:
    ada = await user_factory()
    body = {"current_password": ada.password} if path.endswith("delete") else {}

    response = await ada.call("POST", path, token=ada.refresh_token, json=body)

    assert response.outcome == (401, "TOKEN_INVALID")
    assert await SessionRow.count() == 1
