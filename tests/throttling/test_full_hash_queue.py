"""An attempt whose password could not be looked at, as too many hashes were waiting, is none."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from auth_api.users.identifiers import Identifier
from auth_api.users.service import UserService
from auth_api.users.user import Credentials
from tests.conftest import CLIENT_ADDRESS, OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.counters import age_counters
from tests.support.held_hasher import PATIENCE, held
from tests.support.places import elsewhere

WRONG = "Not-the-1-password"


@pytest.fixture
async def narrow(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """With room for one hash at a time and nobody waiting."""
    async with app_with(
        RATE_LIMIT_ENABLED="true",
        RATE_LIMIT_REQUESTS="1000",
        TRUSTED_PROXIES=CLIENT_ADDRESS,
        PASSWORD_HASH_THREADS="1",
        PASSWORD_HASH_QUEUE_SIZE="0",
    ) as other:
        yield other


async def overload(app: OtherApp, person: Actor, attempts: int) -> Counter[tuple[int, str]]:
    """Try so often while the one thread is busy."""
    async with held(app.services.hasher):
        responses = [await person.log_in() for _ in range(attempts)]
    return Counter(response.outcome for response in responses)


@pytest.mark.parametrize("username", ["ada", "nobody"])
async def test_it_leaves_the_free_failures_as_they_were(narrow: OtherApp, username: str) -> None:
    await Actor(narrow.client).register()
    guesser = Actor(narrow.client, username=username)

    assert await overload(narrow, guesser, 20) == {(503, "SERVER_OVERLOADED"): 20}

    outcomes = [(await guesser.log_in(password=WRONG)).outcome for _ in range(6)]
    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_it_causes_no_new_wait_after_one_is_over(narrow: OtherApp) -> None:
    ada = Actor(narrow.client)
    await ada.register()
    for _ in range(5):
        await ada.log_in(password=WRONG)
    await age_counters(30)

    assert await overload(narrow, ada, 3) == {(503, "SERVER_OVERLOADED"): 3}

    assert (await ada.log_in()).status == 200


async def test_in_the_owners_network_it_does_not_open_a_closed_account_to_others(narrow: OtherApp) -> None:
    ada = Actor(narrow.client)
    await ada.register()
    for number in range(50):
        await elsewhere(ada, f"198.51.100.{number}").log_in(password=WRONG)

    assert await overload(narrow, ada, 3) == {(503, "SERVER_OVERLOADED"): 3}

    assert (await elsewhere(ada, "192.0.2.1").log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_it_does_not_count_at_the_address(app_with: OtherAppFactory) -> None:
    async with app_with(
        RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="2", PASSWORD_HASH_THREADS="1", PASSWORD_HASH_QUEUE_SIZE="0"
    ) as other:
        ada = Actor(other.client)
        await ada.register()

        assert await overload(other, ada, 10) == {(503, "SERVER_OVERLOADED"): 10}

        outcomes = [(await ada.log_in()).outcome for _ in range(3)]
    assert outcomes == [(200, ""), (200, ""), (429, "RATE_LIMITED")]


async def test_a_login_keeps_its_place_while_its_account_is_looked_up(
    narrow: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Actor(narrow.client)
    await ada.register()
    looking, go_on = asyncio.Event(), asyncio.Event()
    look_up = UserService.find_credentials

    async def look_up_slowly(self: UserService, name: Identifier) -> Credentials | None:
        looking.set()
        await go_on.wait()
        return await look_up(self, name)

    monkeypatch.setattr(UserService, "find_credentials", look_up_slowly)
    first = asyncio.create_task(ada.log_in())
    async with asyncio.timeout(PATIENCE):
        await looking.wait()

        assert (await Actor(narrow.client).log_in()).outcome == (503, "SERVER_OVERLOADED")

        go_on.set()
        assert (await first).status == 200
