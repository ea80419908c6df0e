"""Logging out ends the session at once, by either token, and can be repeated."""

import pytest

from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.clock import MovableClock
from tests.support.rows import audit_actions


async def log_out_by_refresh_token(actor: Actor, token: str) -> ApiResponse:
    return await actor.call("POST", "/api/auth/logout", token="", json={"refresh_token": token})


async def test_logout_ends_the_session_of_the_access_token(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.log_out()).json == {"message": "Logged out."}

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_logout_ends_the_session_of_the_refresh_token(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await log_out_by_refresh_token(ada, ada.refresh_token)).status == 200

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")


async def test_logout_accepts_a_used_refresh_token(user_factory: UserFactory) -> None:
    ada = await user_factory()
    spent = ada.refresh_token
    await ada.refresh()

    await log_out_by_refresh_token(ada, spent)

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")


async def test_logout_does_not_end_other_sessions(user_factory: UserFactory) -> None:
    ada = await user_factory()
    phone = Actor(ada.client)
    await phone.log_in()

    await ada.log_out()

    assert (await phone.profile()).status == 200


async def test_logout_can_be_repeated_and_is_recorded_once(user_factory: UserFactory) -> None:
    ada = await user_factory()

    responses = [await ada.log_out(), await ada.log_out(), await log_out_by_refresh_token(ada, ada.refresh_token)]

    assert [response.status for response in responses] == [200, 200, 200]
    assert (await audit_actions()).count("session:logged_out") == 1


async def test_logout_with_an_unknown_refresh_token_succeeds(ada: Actor) -> None:
    assert (await log_out_by_refresh_token(ada, "rt_unknown-token")).status == 200


async def test_logout_accepts_an_expired_access_token(user_factory: UserFactory, clock: MovableClock) -> None:
    ada = await user_factory()
    clock.move(hours=1)

    assert (await ada.log_out()).status == 200

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_expired_access_token_is_rejected_elsewhere(user_factory: UserFactory, clock: MovableClock) -> None:
    ada = await user_factory()
    phone = Actor(ada.client)
    await phone.log_in()
    clock.move(hours=1)
    await ada.log_out()

    assert (await ada.profile()).outcome == (401, "TOKEN_EXPIRED")
    everywhere = await phone.call("POST", "/api/auth/logout-all")
    assert everywhere.outcome == (401, "TOKEN_EXPIRED")


async def test_logout_rejects_a_forged_access_token(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.log_out(ada.access_token[:-4] + "AAAA")

    assert response.outcome == (401, "TOKEN_INVALID")


async def test_logout_requires_a_token(ada: Actor) -> None:
    assert (await ada.log_out("")).outcome == (401, "AUTHENTICATION_REQUIRED")
    empty = await ada.call("POST", "/api/auth/logout", token="", json={})
    assert empty.outcome == (401, "AUTHENTICATION_REQUIRED")


@pytest.mark.parametrize(("body", "ended", "is_kept"), [(None, 3, False), ({"keep_current": True}, 2, True)])
async def test_logout_everywhere_ends_all_sessions_or_all_others(
    user_factory: UserFactory, body: dict[str, bool] | None, ended: int, is_kept: bool
) -> None:
    ada = await user_factory()
    phone, tablet = Actor(ada.client), Actor(ada.client)
    await phone.log_in()
    await tablet.log_in()

    response = await ada.call("POST", "/api/auth/logout-all", json=body)

    assert response.json == {"message": "Logged out everywhere.", "sessions_ended": ended}
    assert [(await actor.profile()).status for actor in (ada, phone, tablet)] == [200 if is_kept else 401, 401, 401]
    assert [(await actor.try_refresh()).status for actor in (phone, tablet)] == [401, 401]
    assert (await audit_actions())[-1] == "sessions:logged_out_everywhere"


async def test_keep_current_must_be_a_boolean(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("POST", "/api/auth/logout-all", json={"keep_current": "true"})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert response["errors"] == [{"field": "keep_current", "code": "type", "message": "Must be true or false."}]
