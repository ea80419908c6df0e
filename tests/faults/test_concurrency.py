"""FT7, FT19 to FT21, FT29: many parallel requests. Quick variants are in `tests/server` and `tests/journeys`."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.faults.conftest import Testbed, now
from tests.support.actors import Actor
from tests.support.simulated_users import Simulation

pytestmark = [pytest.mark.torture, pytest.mark.slow]


def actor(client: httpx.AsyncClient, name: str) -> Actor:
    return Actor(client, username=name, email=f"{name}@example.com")


def described(seen: Counter[int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(seen.items()))


async def test_ft07_requests_that_lock_one_user_all_take_effect(testbed: Testbed) -> None:
    """The server repeats a transaction after a lock conflict, or responds with 503."""
    async with testbed.client() as client:
        ada = actor(client, f"conflict{testbed.workers}")
        await ada.register()
        seen: Counter[int] = Counter()
        for _ in range(10):
            others = [actor(client, ada.username) for _ in range(4)]
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
    testbed.record("FT7", outcome=described(seen))


@pytest.mark.parametrize("number", [2, 20])
async def test_ft19_parallel_refreshes_of_one_token_return_one_successor(testbed: Testbed, number: int) -> None:
    async with testbed.client() as client:
        ada = actor(client, f"twice{testbed.workers}n{number}")
        await ada.register()

        responses = await asyncio.gather(*(ada.try_refresh() for _ in range(number)))

        assert {response.status for response in responses} == {200}
        assert len({response["refresh_token"] for response in responses}) == 1
        assert (await ada.try_refresh(responses[0]["refresh_token"])).status == 200
    testbed.record("FT19", outcome=f"{number} x 200, one successor")


async def test_ft20_one_of_fifty_parallel_registrations_succeeds(testbed: Testbed) -> None:
    async with testbed.client() as client:
        people = [actor(client, f"twin{testbed.workers}x{number}") for number in range(50)]
        for number, person in enumerate(people):
            person.email = "Twin@Example.com" if number % 2 else "twin@example.com"
            person.email = f"{testbed.workers}{person.email}"
            person.password = f"Correct-Horse-{number}-Staple"

        responses = await asyncio.gather(*(person.register() for person in people))

        assert Counter(response.status for response in responses) == {201: 1, 409: 49}
        (winner,) = [person for person, response in zip(people, responses, strict=True) if response.status == 201]
        assert (await winner.log_in()).status == 200
    testbed.record("FT20", outcome="1 x 201, 49 x 409, the winner's password")


async def test_ft21_more_logins_than_connections_on_a_slow_network(testbed: Testbed, simulation: Simulation) -> None:
    if testbed.engine != "postgres":
        pytest.skip("SQLite has no network")
    async with testbed.client() as client:
        ada = actor(client, f"slow{testbed.workers}")
        await ada.register()
        testbed.network.delay_seconds = 0.2
        begin = now()
        responses = await asyncio.gather(*(ada.log_in() for _ in range(10 * 5 * testbed.workers)))
        took = now() - begin
        assert (await client.get("/health/live")).status_code == 200
        testbed.network.delay_seconds = 0
        good = await asyncio.gather(*(ada.log_in() for _ in range(10)))

    # Connecting takes several round trips, which may exceed DATABASE_CONNECT_TIMEOUT.
    assert {response.status for response in responses} <= {200, 503}
    assert {response.status for response in good} == {200}
    seen = Counter(response.status for response in responses)
    testbed.record("FT21", recovery=0.0, outcome=f"{described(seen)} in {took:.1f} s")


async def test_ft29_bad_requests_leave_the_circuit_breaker_closed(testbed: Testbed) -> None:
    async with testbed.client() as client:
        ada = actor(client, f"storm{testbed.workers}")
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
    assert testbed.is_ready()
    testbed.record("FT29", recovery=round(took, 2), outcome=described(seen))
