"""What must happen once happens once, however many ask at the same time."""

import asyncio
from collections import Counter

from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.rows import user_rows


async def test_of_fifty_registrations_of_one_address_exactly_one_wins(ada: Actor) -> None:
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


async def test_of_fifty_registrations_of_one_username_exactly_one_wins(ada: Actor) -> None:
    rivals = [Actor(ada.client, username="ada", email=f"rival{number}@example.com") for number in range(50)]

    responses = await asyncio.gather(*(rival.register() for rival in rivals))

    assert Counter(response.outcome for response in responses) == {(201, ""): 1, (409, "DUPLICATE_USERNAME"): 49}


async def test_twenty_refreshes_of_one_token_have_one_successor(user_factory: UserFactory) -> None:
    ada = await user_factory()

    responses = await asyncio.gather(*(ada.try_refresh() for _ in range(20)))

    assert [response.status for response in responses] == [200] * 20
    assert len({response["refresh_token"] for response in responses}) == 1
    assert await RefreshTokenRow.count() == 2


async def test_a_logout_beats_every_refresh_that_runs_beside_it(user_factory: UserFactory) -> None:
    for _ in range(10):
        ada = await user_factory()
        outcomes = await asyncio.gather(*(ada.try_refresh() for _ in range(3)), ada.log_out(), ada.try_refresh())

        for response in outcomes:
            if response.response.is_success and "access_token" in response.json:
                assert (await ada.profile(response["access_token"])).outcome == (401, "TOKEN_REVOKED")
                assert (await ada.try_refresh(response["refresh_token"])).outcome == (401, "TOKEN_REVOKED")


async def test_deleting_beside_refreshing_leaves_nothing_behind(user_factory: UserFactory) -> None:
    ada = await user_factory()
    body = {"current_password": ada.password}

    responses = await asyncio.gather(
        *(ada.try_refresh() for _ in range(5)),
        ada.call("POST", "/api/user/delete", json=body),
        *(ada.try_refresh() for _ in range(5)),
    )

    assert responses[5].status == 204
    assert {response.status for response in responses} <= {200, 204, 401}
    assert await SessionRow.count() == 0
    assert await RefreshTokenRow.count() == 0


async def test_several_sessions_refresh_beside_logging_out_everywhere(user_factory: UserFactory) -> None:
    ada = await user_factory()
    devices = [Actor(ada.client) for _ in range(5)]
    for device in devices:
        await device.log_in()

    everywhere, *responses = await asyncio.gather(
        ada.call("POST", "/api/auth/logout-all"), *(device.try_refresh() for device in devices)
    )

    assert (everywhere.status, everywhere["sessions_ended"]) == (200, 6)
    for response in responses:
        assert response.status in {200, 401}
        if response.status == 200:
            assert (await ada.profile(response["access_token"])).outcome == (401, "TOKEN_REVOKED")
