"""Concurrent requests that affect each other."""

import asyncio

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.clock import MovableClock
from tests.support.held_hasher import held, requests_wait
from tests.support.rows import empty_all_tables, user_rows
from tests.support.statements import until_blocked

ROUNDS = 5


async def rename(actor: Actor, username: str) -> ApiResponse:
    return await actor.call("PATCH", "/api/user/profile", json={"username": username})


async def error_codes_of_pairs(actor: Actor, responses: list[ApiResponse]) -> list[tuple[str, str]]:
    """Return the error codes of the tokens in successful responses; the code of a valid token is empty."""
    pairs = [response for response in responses if response.status == 200]
    return [
        ((await actor.profile(pair["access_token"])).code, (await actor.try_refresh(pair["refresh_token"])).code)
        for pair in pairs
    ]


async def test_rename_and_registration_do_not_get_the_same_username(user_factory: UserFactory) -> None:
    ada = await user_factory()
    for number in range(ROUNDS):
        rival = Actor(ada.client, username=f"name{number}", email=f"rival{number}@example.com")

        outcomes = await asyncio.gather(rename(ada, f"name{number}"), rival.register())

        assert sorted(response.status for response in outcomes) in ([200, 409], [201, 409])
    names = [row["username"] for row in await user_rows()]
    assert len(set(names)) == len(names)


async def test_tokens_of_a_refresh_concurrent_with_a_logout_are_revoked(user_factory: UserFactory) -> None:
    for _ in range(ROUNDS):
        ada = await user_factory()
        body = {"refresh_token": ada.refresh_token}

        *responses, _ = await asyncio.gather(
            ada.try_refresh(), ada.try_refresh(), ada.call("POST", "/api/auth/logout", token="", json=body)
        )

        assert {response.outcome for response in responses} <= {(200, ""), (401, "TOKEN_REVOKED")}
        assert set(await error_codes_of_pairs(ada, responses)) <= {("TOKEN_REVOKED", "TOKEN_REVOKED")}


async def test_tokens_of_a_login_concurrent_with_a_deactivation_are_revoked(
    user_factory: UserFactory, services: Services
) -> None:
    for _ in range(ROUNDS):
        ada = await user_factory()

        async with held(services.core.hasher):
            logins = [asyncio.create_task(Actor(ada.client, username=ada.username).log_in()) for _ in range(3)]
            await requests_wait(services.core.hasher, 3)
        await operators.disable(services, ada.username)
        responses = await asyncio.gather(*logins)

        assert {response.outcome for response in responses} <= {(200, ""), (403, "ACCOUNT_DISABLED")}
        assert set(await error_codes_of_pairs(ada, responses)) <= {("TOKEN_REVOKED", "TOKEN_REVOKED")}


async def test_login_concurrent_with_a_deletion_leaves_no_session(user_factory: UserFactory) -> None:
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


async def test_logout_everywhere_concurrent_with_a_deletion_precedes_or_follows_it(
    user_factory: UserFactory, services: Services
) -> None:
    for _ in range(ROUNDS):
        ada = await user_factory()
        await Actor(ada.client, username=ada.username).log_in()

        async with held(services.core.hasher):
            body = {"current_password": ada.password}
            deletion = asyncio.create_task(ada.call("POST", "/api/user/delete", json=body))
            await requests_wait(services.core.hasher)
            everywhere = asyncio.create_task(ada.call("POST", "/api/auth/logout-all"))

        outcomes = ((await deletion).outcome, (await everywhere).outcome)
        assert outcomes in {
            ((204, ""), (200, "")),
            ((204, ""), (401, "TOKEN_REVOKED")),
            ((401, "TOKEN_REVOKED"), (200, "")),
        }
        await empty_all_tables()


@pytest.mark.parametrize("is_cached", [True, False], ids=["cached", "not cached"])
async def test_access_token_may_expire_during_its_request(
    user_factory: UserFactory, services: Services, clock: MovableClock, is_cached: bool
) -> None:
    """The token is checked once, at the start."""
    ada = await user_factory()
    if is_cached:
        await ada.profile()

    async with held(services.core.hasher):
        body = {"current_password": ada.password}
        deletion = asyncio.create_task(ada.call("POST", "/api/user/delete", json=body))
        await requests_wait(services.core.hasher)
        clock.move(minutes=31)
        later = await ada.profile()

    assert (await deletion).status == 204
    assert later.outcome == (401, "TOKEN_EXPIRED")


async def test_access_token_may_expire_while_its_request_waits_for_a_row(
    user_factory: UserFactory, services: Services, clock: MovableClock
) -> None:
    ada = await user_factory()
    locked, release = asyncio.Event(), asyncio.Event()

    async def hold_the_row() -> None:
        async def work() -> None:
            await UserRow.update({UserRow.locale: "en"}, force=True)
            locked.set()
            await release.wait()

        await services.core.database.transaction(work)

    holder = asyncio.create_task(hold_the_row())
    await locked.wait()
    renaming = asyncio.create_task(rename(ada, "lovelace"))
    await until_blocked(services.core.database.engine)
    clock.move(minutes=31)
    release.set()
    await holder

    assert (await renaming).status == 200
    assert (await ada.profile()).outcome == (401, "TOKEN_EXPIRED")


async def test_logout_revokes_the_tokens_of_concurrent_refreshes(user_factory: UserFactory) -> None:
    for _ in range(10):
        ada = await user_factory()
        outcomes = await asyncio.gather(*(ada.try_refresh() for _ in range(3)), ada.log_out(), ada.try_refresh())

        for response in outcomes:
            if response.response.is_success and "access_token" in response.json:
                assert (await ada.profile(response["access_token"])).outcome == (401, "TOKEN_REVOKED")
                assert (await ada.try_refresh(response["refresh_token"])).outcome == (401, "TOKEN_REVOKED")


async def test_deletion_concurrent_with_refreshes_leaves_no_rows(user_factory: UserFactory) -> None:
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


async def test_logout_everywhere_revokes_the_tokens_of_concurrent_refreshes(user_factory: UserFactory) -> None:
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
