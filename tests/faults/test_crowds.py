"""FT7, FT19 to FT21, FT29: many at once. `make test` asks the same of `tests/server` and `tests/journeys`."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.faults.conftest import Stage, now
from tests.support.actors import Actor
from tests.support.ledger import Crowd

pytestmark = [pytest.mark.torture, pytest.mark.slow]


def named(client: httpx.AsyncClient, name: str) -> Actor:
    return Actor(client, username=name, email=f"{name}@example.com")


def counted(seen: Counter[int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(seen.items()))


async def test_ft07_statements_that_lock_in_different_order_all_take_effect(stage: Stage) -> None:
    """Everything at once that locks one account: conflicts are repeated by the server, or are 503, and nothing else."""
    async with stage.client() as client:
        ada = named(client, f"conflict{stage.workers}")
        await ada.register()
        seen: Counter[int] = Counter()
        for _ in range(10):
            others = [named(client, ada.username) for _ in range(4)]
            await asyncio.gather(*(other.log_in() for other in others))
            responses = await asyncio.gather(
                *(other.try_refresh() for other in others),
                *(other.log_out() for other in others),
                others[0].call("POST", "/api/auth/logout-all"),
                ada.log_in(),
            )
            seen.update(response.status for response in responses)
            await ada.log_in()

    assert set(seen) <= {200, 401, 503}
    stage.record("FT7", outcome=counted(seen))


@pytest.mark.parametrize("number", [2, 20])
async def test_ft19_refreshes_of_one_token_at_once(stage: Stage, number: int) -> None:
    async with stage.client() as client:
        ada = named(client, f"twice{stage.workers}n{number}")
        await ada.register()

        responses = await asyncio.gather(*(ada.try_refresh() for _ in range(number)))

        assert {response.status for response in responses} == {200}
        assert len({response["refresh_token"] for response in responses}) == 1
        assert (await ada.try_refresh(responses[0]["refresh_token"])).status == 200
    stage.record("FT19", outcome=f"{number} x 200, one successor")


async def test_ft20_registrations_of_one_address_at_once(stage: Stage) -> None:
    async with stage.client() as client:
        people = [named(client, f"twin{stage.workers}x{number}") for number in range(50)]
        for number, person in enumerate(people):
            person.email = "Twin@Example.com" if number % 2 else "twin@example.com"
            person.email = f"{stage.workers}{person.email}"
            person.password = f"Correct-Horse-{number}-Staple"

        responses = await asyncio.gather(*(person.register() for person in people))

        assert Counter(response.status for response in responses) == {201: 1, 409: 49}
        (winner,) = [person for person, response in zip(people, responses, strict=True) if response.status == 201]
        assert (await winner.log_in()).status == 200
    stage.record("FT20", outcome="1 x 201, 49 x 409, the winner's password")


async def test_ft21_ten_times_the_pool_on_a_slow_network(stage: Stage, crowd: Crowd) -> None:
    if stage.engine != "postgres":
        pytest.skip("an embedded database has no network")
    async with stage.client() as client:
        ada = named(client, f"slow{stage.workers}")
        await ada.register()
        stage.network.delay_seconds = 0.2
        begin = now()
        responses = await asyncio.gather(*(ada.log_in() for _ in range(10 * 5 * stage.workers)))
        took = now() - begin
        assert (await client.get("/health/live")).status_code == 200
        stage.network.delay_seconds = 0
        good = await asyncio.gather(*(ada.log_in() for _ in range(10)))

    # To connect takes some round trips, too, which may be more than DATABASE_CONNECT_TIMEOUT.
    assert {response.status for response in responses} <= {200, 503}
    assert {response.status for response in good} == {200}
    seen = Counter(response.status for response in responses)
    stage.record("FT21", recovery=0.0, outcome=f"{counted(seen)} in {took:.1f} s")


async def test_ft29_a_storm_of_bad_input_leaves_the_breaker_closed(stage: Stage) -> None:
    async with stage.client() as client:
        ada = named(client, f"storm{stage.workers}")
        await ada.register()
        bad = [
            lambda: client.post("/api/auth/register", json={"email": ada.email, "username": "x", "password": "y"}),
            lambda: client.post("/api/auth/login", content=b"{", headers={"Content-Type": "application/json"}),
            lambda: client.post("/api/auth/login", json={"username": "a\0b", "password": "y"}),
            lambda: client.get("/api/user/profile", headers={"Authorization": "Bearer nonsense"}),
            lambda: client.post("/api/auth/refresh", json={"refresh_token": "rt_nonsense"}),
        ]
        seen: Counter[int] = Counter()
        for _ in range(20):
            responses = await asyncio.gather(*(bad[number % len(bad)]() for number in range(50)))
            seen.update(response.status_code for response in responses)
        begin = now()
        assert (await ada.log_in()).status == 200
        took = now() - begin

    assert set(seen) <= {400, 401}
    assert took < 1
    assert stage.is_ready()
    stage.record("FT29", recovery=round(took, 2), outcome=counted(seen))
