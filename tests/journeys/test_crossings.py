"""Requests that cross each other: what holds after both have finished, and while one of them waits."""

import asyncio
from collections import Counter

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.clock import MovableClock
from tests.support.held_hasher import held, requests_wait
from tests.support.rows import audit_actions, user_rows

ROUNDS = 5


async def rename(actor: Actor, username: str) -> ApiResponse:
    return await actor.call("PATCH", "/api/user/profile", json={"username": username})


async def live_pairs(actor: Actor, responses: list[ApiResponse]) -> list[tuple[str, str]]:
    """Return the codes with which the tokens of answers are refused; an empty code stands for one that works."""
    pairs = [response for response in responses if response.status == 200]
    return [
        ((await actor.profile(pair["access_token"])).code, (await actor.try_refresh(pair["refresh_token"])).code)
        for pair in pairs
    ]


async def test_without_a_grace_a_race_still_has_one_successor(app_with: OtherAppFactory) -> None:
    async with app_with(REFRESH_GRACE_SECONDS="0") as other:
        ada = Actor(other.client)
        await ada.register()

        responses = await asyncio.gather(*(ada.try_refresh() for _ in range(10)))

        assert [response.outcome for response in responses] == [(200, "")] * 10
        assert len({response["refresh_token"] for response in responses}) == 1
        assert len({response["access_token"] for response in responses}) == 10
        assert (await ada.try_refresh(responses[0]["refresh_token"])).status == 200


async def test_a_replay_by_many_is_told_once(user_factory: UserFactory) -> None:
    ada = await user_factory()
    stolen = ada.refresh_token
    await ada.refresh()
    await ada.refresh()

    responses = await asyncio.gather(*(ada.try_refresh(stolen) for _ in range(10)))

    assert Counter(response.outcome for response in responses) == {
        (401, "REFRESH_TOKEN_REUSED"): 1,
        (401, "TOKEN_REVOKED"): 9,
    }
    assert (await audit_actions()).count("refresh_token:reused") == 1


async def test_of_many_logouts_one_is_noted(user_factory: UserFactory) -> None:
    ada = await user_factory()

    responses = await asyncio.gather(*(ada.log_out() for _ in range(10)))

    assert [response.status for response in responses] == [200] * 10
    assert (await audit_actions()).count("session:logged_out") == 1


async def test_of_many_renames_to_one_name_one_wins(user_factory: UserFactory) -> None:
    actors = [await user_factory(username=f"rival{number}") for number in range(8)]

    responses = await asyncio.gather(*(rename(actor, "lovelace") for actor in actors))

    assert Counter(response.outcome for response in responses) == {(200, ""): 1, (409, "DUPLICATE_USERNAME"): 7}
    assert [row["username"] for row in await user_rows()].count("lovelace") == 1
    assert (await audit_actions()).count("profile:changed") == 1


async def test_a_rename_and_a_registration_do_not_share_a_name(user_factory: UserFactory) -> None:
    ada = await user_factory()
    for number in range(ROUNDS):
        rival = Actor(ada.client, username=f"name{number}", email=f"rival{number}@example.com")

        outcomes = await asyncio.gather(rename(ada, f"name{number}"), rival.register())

        assert sorted(response.status for response in outcomes) in ([200, 409], [201, 409])
    names = [row["username"] for row in await user_rows()]
    assert len(set(names)) == len(names)


async def test_what_a_refresh_hands_out_beside_a_logout_does_not_work(user_factory: UserFactory) -> None:
    for _ in range(ROUNDS):
        ada = await user_factory()
        body = {"refresh_token": ada.refresh_token}

        *responses, _ = await asyncio.gather(
            ada.try_refresh(), ada.try_refresh(), ada.call("POST", "/api/auth/logout", token="", json=body)
        )

        assert {response.outcome for response in responses} <= {(200, ""), (401, "TOKEN_REVOKED")}
        assert set(await live_pairs(ada, responses)) <= {("TOKEN_REVOKED", "TOKEN_REVOKED")}


async def test_what_a_login_hands_out_beside_a_deactivation_does_not_work(
    user_factory: UserFactory, services: Services
) -> None:
    for _ in range(ROUNDS):
        ada = await user_factory()

        async with held(services.hasher):
            logins = [asyncio.create_task(Actor(ada.client, username=ada.username).log_in()) for _ in range(3)]
            await requests_wait(services.hasher, 3)
        await services.administration.disable(ada.username)
        responses = await asyncio.gather(*logins)

        assert {response.outcome for response in responses} <= {(200, ""), (401, "INVALID_CREDENTIALS")}
        assert set(await live_pairs(ada, responses)) <= {("TOKEN_REVOKED", "TOKEN_REVOKED")}


async def test_a_login_beside_a_deletion_leaves_no_session(user_factory: UserFactory) -> None:
    for _ in range(ROUNDS):
        ada = await user_factory()
        phone = Actor(ada.client, username=ada.username)

        login, deletion = await asyncio.gather(
            phone.log_in(),
            ada.call("POST", "/api/user/delete", json={"current_password": ada.password}),
        )

        assert deletion.status == 204
        assert login.outcome in {(200, ""), (401, "INVALID_CREDENTIALS")}
        assert await SessionRow.count() == await RefreshTokenRow.count() == 0


async def test_logging_out_everywhere_beside_a_deletion_is_no_failure(
    user_factory: UserFactory, services: Services
) -> None:
    for _ in range(ROUNDS):
        ada = await user_factory()
        await Actor(ada.client, username=ada.username).log_in()

        async with held(services.hasher):
            body = {"current_password": ada.password}
            deletion = asyncio.create_task(ada.call("POST", "/api/user/delete", json=body))
            await requests_wait(services.hasher)
            everywhere = asyncio.create_task(ada.call("POST", "/api/auth/logout-all"))

        assert (await deletion).status == 204
        assert (await everywhere).outcome in {(200, ""), (401, "TOKEN_REVOKED")}


@pytest.mark.parametrize("remembered", [True, False], ids=["seen before", "first seen"])
async def test_a_token_that_expires_while_its_request_runs_is_still_served(
    user_factory: UserFactory, services: Services, clock: MovableClock, remembered: bool
) -> None:
    """The token is judged once, at the start."""
    ada = await user_factory()
    if remembered:
        await ada.profile()

    async with held(services.hasher):
        body = {"current_password": ada.password}
        deletion = asyncio.create_task(ada.call("POST", "/api/user/delete", json=body))
        await requests_wait(services.hasher)
        clock.move(minutes=31)
        beside = await ada.profile()

    assert (await deletion).status == 204
    assert beside.outcome == (401, "TOKEN_EXPIRED")


async def test_a_request_that_waits_for_a_row_outlives_its_token_too(
    user_factory: UserFactory, services: Services, clock: MovableClock
) -> None:
    ada = await user_factory()
    locked, release = asyncio.Event(), asyncio.Event()

    async def hold_the_row() -> None:
        async def work() -> None:
            await UserRow.update({UserRow.locale: "en"}, force=True)
            locked.set()
            await release.wait()

        await services.database.transaction(work)

    holder = asyncio.create_task(hold_the_row())
    await locked.wait()
    renaming = asyncio.create_task(rename(ada, "lovelace"))
    while ada.access_token not in services.sessions.access_tokens._verified:  # noqa: ASYNC110, SLF001 - no other sign
        await asyncio.sleep(0.001)
    clock.move(minutes=31)
    release.set()
    await holder

    assert (await renaming).status == 200
    assert (await ada.profile()).outcome == (401, "TOKEN_EXPIRED")
