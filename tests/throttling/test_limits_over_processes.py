"""One limit for all workers: it is counted in the database, by one statement."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.server_output import worker_pids
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

AT_ONCE = 200


@pytest.fixture(scope="module", params=[1, 4], ids=["1 worker", "4 workers"])
async def people(
    request: pytest.FixtureRequest, deployment_factory: DeploymentFactory
) -> AsyncIterator[Callable[[str], Actor]]:
    """Return a function that makes somebody at an address of their own, who calls a server of so many workers."""
    deployment = await deployment_factory()
    server = deployment.server(
        workers=request.param,
        RATE_LIMIT_ENABLED="true",
        TRUSTED_PROXIES="127.0.0.1",
        PASSWORD_HASH_QUEUE_TIMEOUT="10",  # a slow machine must not decide by 503
        DATABASE_POOL_TIMEOUT="30",
        DATABASE_CONNECT_TIMEOUT="30",
        DATABASE_STATEMENT_TIMEOUT="30",
    )
    # Connections that stay open would all be one worker's.
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
    with server:
        wait_until(lambda: len(worker_pids(server.output())) == request.param)
        async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=30, trust_env=False) as client:
            yield lambda address: Actor(client, headers={"X-Forwarded-For": address})


async def log_in(person: Actor, number: int) -> ApiResponse:
    return await person.log_in(username=f"nobody{number}", password="whatever")


async def register(person: Actor, number: int) -> ApiResponse:
    return await person.register(username=f"person{number}", email=f"person{number}@example.com", password=PASSWORD)


@pytest.mark.parametrize(
    ("request_once", "address", "allowed", "passed"),
    [
        pytest.param(log_in, "198.51.100.1", 5, (401, "INVALID_CREDENTIALS"), id="login"),
        pytest.param(register, "198.51.100.2", 20, (201, ""), id="register"),
    ],
)
async def test_exactly_the_allowed_number_passes_when_two_hundred_arrive_at_once(
    people: Callable[[str], Actor],
    request_once: Callable[[Actor, int], Awaitable[ApiResponse]],
    address: str,
    allowed: int,
    passed: tuple[int, str],
) -> None:
    responses = await asyncio.gather(*(request_once(people(address), number) for number in range(AT_ONCE)))

    assert Counter(response.outcome for response in responses) == {
        passed: allowed,
        (429, "RATE_LIMITED"): AT_ONCE - allowed,
    }


async def test_of_fifty_parallel_guesses_five_are_looked_at(people: Callable[[str], Actor]) -> None:
    """CVE-2024-4629. On a path without a limit per address, from one network; number 40 is right.

    Whichever five come first: if the right one is among them, the account is gone, and nobody's password is looked at.
    """
    ada = people("192.0.2.1")
    await ada.register(username="ada", email="ada@example.com")

    guesses = [ada.password if number == 40 else f"Not-the-{number}-password" for number in range(50)]
    responses = await asyncio.gather(
        *(ada.call("POST", "/api/user/delete", json={"current_password": guess}) for guess in guesses)
    )

    outcomes = Counter(response.outcome for response in responses)
    guessed = outcomes.pop((204, ""), 0)
    gone = outcomes.pop((401, "TOKEN_REVOKED"), 0)
    assert outcomes[401, "INVALID_CREDENTIALS"] + guessed <= 5
    assert guessed or (gone, outcomes) == (0, {(401, "INVALID_CREDENTIALS"): 5, (429, "TOO_MANY_ATTEMPTS"): 45})


async def test_of_sixty_parallel_guesses_from_sixty_networks_fifty_are_looked_at(
    people: Callable[[str], Actor],
) -> None:
    await people("192.0.2.2").register(username="grace", email="grace@example.com")

    thieves = [people(f"203.0.113.{number}") for number in range(60)]
    responses = await asyncio.gather(*(thief.log_in(username="grace", password="wrong") for thief in thieves))

    assert Counter(response.outcome for response in responses) == {
        (401, "INVALID_CREDENTIALS"): 50,
        (429, "TOO_MANY_ATTEMPTS"): 10,
    }
