"""A logout ends the session of each token that is sent: of the access token, and of the refresh token in the body."""

from collections.abc import Awaitable, Callable

import pytest

from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.clock import MovableClock
from tests.support.rows import audit_actions

Change = Callable[[Actor, MovableClock], Awaitable[object]]


async def log_out(laptop: Actor, *, refresh_token: str, authorization: str) -> ApiResponse:
    return await laptop.call(
        "POST",
        "/api/auth/logout",
        token="",
        headers={"Authorization": authorization},
        json={"refresh_token": refresh_token},
    )


async def two_sessions(user_factory: UserFactory) -> tuple[Actor, Actor]:
    laptop = await user_factory()
    phone = Actor(laptop.client)
    await phone.log_in()
    return laptop, phone


async def nothing(_: Actor, __: MovableClock) -> None:
    pass


async def expire_access_token(_: Actor, clock: MovableClock) -> None:
    clock.move(hours=1)


async def spend_refresh_token(phone: Actor, _: MovableClock) -> None:
    await phone.try_refresh()


async def expire_refresh_token(_: Actor, __: MovableClock) -> None:
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}, force=True)


@pytest.mark.parametrize("change", [nothing, expire_access_token, spend_refresh_token, expire_refresh_token])
async def test_logout_with_tokens_of_two_sessions_ends_both(
    user_factory: UserFactory, clock: MovableClock, change: Change
) -> None:
    laptop, phone = await two_sessions(user_factory)
    await change(phone, clock)

    response = await log_out(laptop, refresh_token=phone.refresh_token, authorization=f"Bearer {laptop.access_token}")

    assert response.json == {"message": "Logged out."}
    assert await SessionRow.count().where(SessionRow.ended_at.is_null()) == 0
    assert (await audit_actions()).count("session:logged_out") == 2


async def test_logout_with_tokens_of_two_users_ends_both_sessions(user_factory: UserFactory) -> None:
    ada, grace = await user_factory(), await user_factory()

    await log_out(ada, refresh_token=grace.refresh_token, authorization=f"Bearer {ada.access_token}")

    assert [(await person.profile()).outcome for person in (ada, grace)] == [(401, "TOKEN_REVOKED")] * 2


@pytest.mark.parametrize("refresh_token", ["rt_unknown", "nonsense", ""])
async def test_logout_ends_the_session_of_the_access_token_if_the_refresh_token_is_unknown(
    user_factory: UserFactory, refresh_token: str
) -> None:
    laptop, phone = await two_sessions(user_factory)

    response = await log_out(laptop, refresh_token=refresh_token, authorization=f"Bearer {laptop.access_token}")

    assert response.status == 200
    assert (await laptop.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await phone.profile()).status == 200


@pytest.mark.parametrize(
    "authorization", ["Bearer not.a.token", "Bearer ", "Basic YWRhOmFkYQ==", "Bearer rt_unknown", "nonsense"]
)
async def test_logout_ends_the_session_of_the_refresh_token_if_the_access_token_is_not_genuine(
    user_factory: UserFactory, authorization: str
) -> None:
    laptop, phone = await two_sessions(user_factory)

    response = await log_out(laptop, refresh_token=phone.refresh_token, authorization=authorization)

    assert response.status == 200
    assert (await phone.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await laptop.profile()).status == 200


async def test_logout_ends_the_session_of_the_refresh_token_if_the_other_session_has_ended(
    user_factory: UserFactory,
) -> None:
    laptop, phone = await two_sessions(user_factory)
    await laptop.log_out()

    response = await log_out(laptop, refresh_token=phone.refresh_token, authorization=f"Bearer {laptop.access_token}")

    assert response.status == 200
    assert (await phone.profile()).outcome == (401, "TOKEN_REVOKED")
