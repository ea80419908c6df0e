"""A login that is refused because the hash queue is full does not count as an attempt."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from auth_api.kit.http import edge
from auth_api.users.identifiers import Identifier
from auth_api.users.service import UserService
from auth_api.users.user import Credentials
from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.client_ips import from_ip
from tests.support.counters import age_counters
from tests.support.held_hasher import held
from tests.support.statements import recorded
from tests.support.waiting import TIMEOUT_SECONDS

WRONG = "Not-the-1-password"


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse requests without the delay of an overloaded server."""
    monkeypatch.setattr(edge, "OVERLOAD_DELAY_SECONDS", 0)


@pytest.fixture
async def one_slot(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with one slot for a hash and no queue."""
    async with app_with(
        RATE_LIMIT_ENABLED="true",
        RATE_LIMIT_REQUESTS="1000",
        TRUSTED_PROXIES=CLIENT_IP,
        PASSWORD_HASH_THREADS="1",
        PASSWORD_HASH_QUEUE_SIZE="0",
    ) as other:
        yield other


async def log_in_while_full(app: OtherApp, actor: Actor, attempts: int) -> Counter[tuple[int, str]]:
    """Send this many logins while the one thread is busy, and count the outcomes."""
    async with held(app.services.core.hasher):
        responses = [await actor.log_in() for _ in range(attempts)]
    return Counter(response.outcome for response in responses)


@pytest.mark.parametrize("username", ["ada", "unknown"])
async def test_refused_login_uses_no_free_attempt(one_slot: OtherApp, username: str) -> None:
    await Actor(one_slot.client).register()
    guesser = Actor(one_slot.client, username=username)

    assert await log_in_while_full(one_slot, guesser, 20) == {(503, "SERVER_OVERLOADED"): 20}

    outcomes = [(await guesser.log_in(password=WRONG)).outcome for _ in range(6)]
    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_refused_login_does_not_block_the_account_again(one_slot: OtherApp) -> None:
    ada = Actor(one_slot.client)
    await ada.register()
    for _ in range(5):
        await ada.log_in(password=WRONG)
    await age_counters(30)

    assert await log_in_while_full(one_slot, ada, 3) == {(503, "SERVER_OVERLOADED"): 3}

    assert (await ada.log_in()).status == 200


async def test_refused_login_from_a_known_network_does_not_unblock_the_account_for_others(one_slot: OtherApp) -> None:
    ada = Actor(one_slot.client)
    await ada.register()
    for number in range(50):
        await from_ip(ada, f"198.51.100.{number}").log_in(password=WRONG)

    assert await log_in_while_full(one_slot, ada, 3) == {(503, "SERVER_OVERLOADED"): 3}

    assert (await from_ip(ada, "192.0.2.1").log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_refused_login_does_not_count_for_the_ip_address(app_with: OtherAppFactory) -> None:
    async with app_with(
        RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="2", PASSWORD_HASH_THREADS="1", PASSWORD_HASH_QUEUE_SIZE="0"
    ) as other:
        ada = Actor(other.client)
        await ada.register()

        assert await log_in_while_full(other, ada, 10) == {(503, "SERVER_OVERLOADED"): 10}

        outcomes = [(await ada.log_in()).outcome for _ in range(3)]
    assert outcomes == [(200, ""), (200, ""), (429, "RATE_LIMITED")]


async def test_login_keeps_its_slot_while_its_user_is_looked_up(
    one_slot: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Actor(one_slot.client)
    await ada.register()
    looking, proceed = asyncio.Event(), asyncio.Event()
    look_up = UserService.find_credentials

    async def look_up_slowly(self: UserService, name: Identifier) -> Credentials | None:
        looking.set()
        await proceed.wait()
        return await look_up(self, name)

    monkeypatch.setattr(UserService, "find_credentials", look_up_slowly)
    first = asyncio.create_task(ada.log_in())
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await looking.wait()

        with recorded(one_slot.services.core.database.engine) as statements:
            assert (await Actor(one_slot.client).log_in()).outcome == (503, "SERVER_OVERLOADED")
        assert statements == []

        proceed.set()
        assert (await first).status == 200
