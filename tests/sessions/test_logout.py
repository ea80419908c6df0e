"""Logging out: at once, for both tokens, as often as one likes."""

import pytest

from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.clock import MovableClock
from tests.support.rows import audit_actions


async def log_out_by_refresh_token(actor: Actor, token: str) -> ApiResponse:
    return await actor.call("POST", "/api/auth/logout", token="", json={"refresh_token": token})


async def test_the_bearer_tokens_session_ends_at_once(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.log_out()).json == {"message": "Logged out."}

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_the_refresh_tokens_session_ends_at_once(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await log_out_by_refresh_token(ada, ada.refresh_token)).status == 200

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")


async def test_a_spent_refresh_token_names_its_session_too(user_factory: UserFactory) -> None:
    ada = await user_factory()
    spent = ada.refresh_token
    await ada.refresh()

    await log_out_by_refresh_token(ada, spent)

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")


async def test_other_sessions_go_on(user_factory: UserFactory) -> None:
    ada = await user_factory()
    phone = Actor(ada.client)
    await phone.log_in()

    await ada.log_out()

    assert (await phone.profile()).status == 200


async def test_doing_it_again_is_no_error_and_is_noted_once(user_factory: UserFactory) -> None:
    ada = await user_factory()

    responses = [await ada.log_out(), await ada.log_out(), await log_out_by_refresh_token(ada, ada.refresh_token)]

    assert [response.status for response in responses] == [200, 200, 200]
    assert (await audit_actions()).count("session:logged_out") == 1


async def test_an_unknown_refresh_token_is_no_error(ada: Actor) -> None:
    assert (await log_out_by_refresh_token(ada, "rt_nobody-ever-had-this-one")).status == 200


async def test_a_genuine_access_token_logs_out_after_its_end(user_factory: UserFactory, clock: MovableClock) -> None:
    ada = await user_factory()
    clock.move(hours=1)

    assert (await ada.log_out()).status == 200

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_what_logging_out_takes_stays_expired_elsewhere(user_factory: UserFactory, clock: MovableClock) -> None:
    ada = await user_factory()
    phone = Actor(ada.client)
    await phone.log_in()
    clock.move(hours=1)
    await ada.log_out()

    assert (await ada.profile()).outcome == (401, "TOKEN_EXPIRED")
    everywhere = await phone.call("POST", "/api/auth/logout-all")
    assert everywhere.outcome == (401, "TOKEN_EXPIRED")


async def test_a_forged_access_token_is_refused(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.log_out(ada.access_token[:-4] + "AAAA")

    assert response.outcome == (401, "TOKEN_INVALID")


async def test_without_any_token_there_is_nothing_to_end(ada: Actor) -> None:
    assert (await ada.log_out("")).outcome == (401, "AUTHENTICATION_REQUIRED")
    empty = await ada.call("POST", "/api/auth/logout", token="", json={})
    assert empty.outcome == (401, "AUTHENTICATION_REQUIRED")


@pytest.mark.parametrize(("body", "ended", "goes_on"), [(None, 3, False), ({"keep_current": True}, 2, True)])
async def test_everywhere_means_everywhere_or_everywhere_else(
    user_factory: UserFactory, body: dict[str, bool] | None, ended: int, goes_on: bool
) -> None:
    ada = await user_factory()
    phone, tablet = Actor(ada.client), Actor(ada.client)
    await phone.log_in()
    await tablet.log_in()

    response = await ada.call("POST", "/api/auth/logout-all", json=body)

    assert response.json == {"message": "Logged out everywhere.", "sessions_ended": ended}
    assert [(await actor.profile()).status for actor in (ada, phone, tablet)] == [200 if goes_on else 401, 401, 401]
    assert [(await actor.try_refresh()).status for actor in (phone, tablet)] == [401, 401]
    assert (await audit_actions())[-1] == "sessions:logged_out_everywhere"


async def test_keep_current_is_a_boolean_and_nothing_else(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("POST", "/api/auth/logout-all", json={"keep_current": "true"})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert response["errors"] == [{"field": "keep_current", "code": "type", "message": "Must be true or false."}]
