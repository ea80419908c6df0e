"""The stored hash during a login, and logins while the hash queue is full."""

import asyncio

from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.held_hasher import held, requests_wait
from tests.support.rows import user_rows


async def stored_hash() -> str:
    (row,) = await user_rows()
    return str(row["hashed_password"])


async def test_login_keeps_a_hash_of_the_current_cost(user_factory: UserFactory) -> None:
    ada = await user_factory()
    before = await stored_hash()

    await ada.log_in()

    assert await stored_hash() == before


async def test_login_replaces_a_hash_of_a_lower_cost(user_factory: UserFactory, app_with: OtherAppFactory) -> None:
    ada = await user_factory()
    (before,) = await user_rows()

    async with app_with(PASSWORD_HASH_ITERATIONS="2") as other:
        ada.client = other.client
        first = await ada.log_in()
        (after,) = await user_rows()
        again = await ada.log_in()

    assert (first.status, again.status) == (200, 200)
    assert ",t=1," in before["hashed_password"]
    assert ",t=2," in after["hashed_password"]
    assert await stored_hash() == after["hashed_password"]
    assert after["updated_at"] == before["updated_at"]


async def test_failed_login_does_not_replace_the_hash(user_factory: UserFactory, app_with: OtherAppFactory) -> None:
    ada = await user_factory()
    before = await stored_hash()

    async with app_with(PASSWORD_HASH_ITERATIONS="2") as other:
        ada.client = other.client
        assert (await ada.log_in(password="Wrong-Horse-7-Staple")).outcome == (401, "INVALID_CREDENTIALS")

    assert await stored_hash() == before


async def test_requests_that_need_a_hash_are_refused_while_the_queue_is_full(app_with: OtherAppFactory) -> None:
    async with app_with(PASSWORD_HASH_QUEUE_SIZE="0", PASSWORD_HASH_THREADS="1") as other:
        ada = Actor(other.client)
        await ada.register()
        async with held(other.services.core.hasher):
            refused = [
                await ada.log_in(),
                await ada.log_in(username="eve"),
                await Actor(other.client, username="eve", email="eve@example.com").register(),
                await ada.call("POST", "/api/user/delete", json={"current_password": ada.password}),
            ]

        assert [response.outcome for response in refused] == [(503, "SERVER_OVERLOADED")] * 4
        assert {response.response.headers["Retry-After"] for response in refused} == {"1"}
        assert (await ada.log_in()).status == 200


async def test_logins_in_the_queue_are_served(app_with: OtherAppFactory) -> None:
    async with app_with(PASSWORD_HASH_QUEUE_SIZE="2", PASSWORD_HASH_THREADS="1") as other:
        ada = Actor(other.client)
        await ada.register()
        async with held(other.services.core.hasher):
            waiting = [asyncio.create_task(Actor(other.client).log_in()) for _ in range(2)]
            await requests_wait(other.services.core.hasher, 2)
            refused = await ada.log_in()

        assert refused.outcome == (503, "SERVER_OVERLOADED")
        assert [(await task).status for task in waiting] == [200, 200]
