"""Of many concurrent requests, exactly one takes effect."""

import asyncio
from collections import Counter

from auth_api.sessions.tables import RefreshTokenRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.rows import audit_actions, user_rows


async def rename(actor: Actor, username: str) -> ApiResponse:
    return await actor.call("PATCH", "/api/user/profile", json={"username": username})


async def test_one_of_fifty_registrations_of_an_email_succeeds(ada: Actor) -> None:
    rivals = [
        Actor(ada.client, username=f"rival{number}", email="ada@example.com" if number % 2 else "Ada@Example.com")
        for number in range(50)
    ]
    for number, rival in enumerate(rivals):
        rival.password = f"Correct-Horse-{number}-Staple"

    responses = await asyncio.gather(*(rival.register() for rival in rivals))

    assert Counter(response.outcome for response in responses) == {(201, ""): 1, (409, "DUPLICATE_EMAIL"): 49}
    assert [row["email"] for row in await user_rows()] == ["ada@example.com"]
    winner = next(rival for rival in rivals if rival.access_token)
    assert (await winner.log_in()).status == 200


async def test_one_of_fifty_registrations_of_a_username_succeeds(ada: Actor) -> None:
    rivals = [Actor(ada.client, username="ada", email=f"rival{number}@example.com") for number in range(50)]

    responses = await asyncio.gather(*(rival.register() for rival in rivals))

    assert Counter(response.outcome for response in responses) == {(201, ""): 1, (409, "DUPLICATE_USERNAME"): 49}


async def test_twenty_refreshes_of_a_token_return_one_successor(user_factory: UserFactory) -> None:
    ada = await user_factory()

    responses = await asyncio.gather(*(ada.try_refresh() for _ in range(20)))

    assert [response.status for response in responses] == [200] * 20
    assert len({response["refresh_token"] for response in responses}) == 1
    assert await RefreshTokenRow.count() == 2


async def test_concurrent_refreshes_without_a_grace_return_one_successor(app_with: OtherAppFactory) -> None:
    async with app_with(REFRESH_GRACE_SECONDS="0") as other:
        ada = Actor(other.client)
        await ada.register()

        responses = await asyncio.gather(*(ada.try_refresh() for _ in range(10)))

        assert [response.outcome for response in responses] == [(200, "")] * 10
        assert len({response["refresh_token"] for response in responses}) == 1
        assert len({response["access_token"] for response in responses}) == 10
        assert (await ada.try_refresh(responses[0]["refresh_token"])).status == 200


async def test_reuse_in_concurrent_refreshes_is_reported_once(user_factory: UserFactory) -> None:
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


async def test_one_of_several_concurrent_logouts_is_recorded(user_factory: UserFactory) -> None:
    ada = await user_factory()

    responses = await asyncio.gather(*(ada.log_out() for _ in range(10)))

    assert [response.status for response in responses] == [200] * 10
    assert (await audit_actions()).count("session:logged_out") == 1


async def test_one_of_several_renames_to_a_username_succeeds(user_factory: UserFactory) -> None:
    actors = [await user_factory(username=f"rival{number}") for number in range(8)]

    responses = await asyncio.gather(*(rename(actor, "lovelace") for actor in actors))

    assert Counter(response.outcome for response in responses) == {(200, ""): 1, (409, "DUPLICATE_USERNAME"): 7}
    assert [row["username"] for row in await user_rows()].count("lovelace") == 1
    assert (await audit_actions()).count("profile:changed") == 1
