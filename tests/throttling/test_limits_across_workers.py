"""Limits that the database counts hold across worker processes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.server_output import worker_pids
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.slow

PARALLEL_REQUESTS = 200


@pytest.fixture(scope="module", params=[1, 4], ids=["1 worker", "4 workers"])
async def people(
    request: pytest.FixtureRequest, deployment_factory: DeploymentFactory
) -> AsyncIterator[Callable[[str], Actor]]:
    """Return a function that makes an actor with this client IP address, for a server with the parametrized workers."""
    deployment = await deployment_factory()
    server = deployment.server(
        workers=request.param,
        RATE_LIMIT_ENABLED="true",
        TRUSTED_PROXIES="127.0.0.1",
    )
    # Each request on a connection of its own, so that all workers get some.
    limits = httpx.Limits(max_connections=PARALLEL_REQUESTS, max_keepalive_connections=0)
    with server:
        wait_until(lambda: len(worker_pids(server.output())) == request.param)
        async with httpx.AsyncClient(
            base_url=server.url, limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False
        ) as client:
            yield lambda client_ip: Actor(client, headers={"X-Forwarded-For": client_ip})


async def log_in(person: Actor, number: int) -> ApiResponse:
    return await person.log_in(username=f"unknown{number}", password="whatever")


async def register(person: Actor, number: int) -> ApiResponse:
    return await person.register(username=f"person{number}", email=f"person{number}@example.com", password=PASSWORD)


@pytest.mark.parametrize(
    ("send", "client_ip", "allowed", "passed"),
    [
        pytest.param(log_in, "198.51.100.1", 5, (401, "INVALID_CREDENTIALS"), id="login"),
        pytest.param(register, "198.51.100.2", 20, (201, ""), id="register"),
    ],
)
async def test_exactly_the_allowed_number_of_200_parallel_requests_passes(
    people: Callable[[str], Actor],
    send: Callable[[Actor, int], Awaitable[ApiResponse]],
    client_ip: str,
    allowed: int,
    passed: tuple[int, str],
) -> None:
    responses = await asyncio.gather(*(send(people(client_ip), number) for number in range(PARALLEL_REQUESTS)))

    assert Counter(response.outcome for response in responses) == {
        passed: allowed,
        (429, "RATE_LIMITED"): PARALLEL_REQUESTS - allowed,
    }


async def test_five_of_nineteen_parallel_guesses_are_compared(people: Callable[[str], Actor]) -> None:
    """CVE-2024-4629: as many guesses from one network as without a wait; then even the correct password is refused.

    The correct password is not among the parallel guesses, because a success sets the count back.
    """
    ada = people("192.0.2.1")
    await ada.register(username="ada", email="ada@example.com")

    async def delete_account(guess: str) -> tuple[int, str]:
        return (await ada.call("POST", "/api/user/delete", json={"current_password": guess})).outcome

    outcomes = await asyncio.gather(*(delete_account(f"Not-the-{number}-password") for number in range(19)))

    assert Counter(outcomes) == {(401, "INVALID_CREDENTIALS"): 5, (429, "TOO_MANY_ATTEMPTS"): 14}
    assert await delete_account(ada.password) == (429, "TOO_MANY_ATTEMPTS")


async def test_fifty_of_sixty_parallel_guesses_from_sixty_networks_are_compared(
    people: Callable[[str], Actor],
) -> None:
    await people("192.0.2.2").register(username="grace", email="grace@example.com")

    thieves = [people(f"203.0.113.{number}") for number in range(60)]
    responses = await asyncio.gather(*(thief.log_in(username="grace", password="wrong") for thief in thieves))

    assert Counter(response.outcome for response in responses) == {
        (401, "INVALID_CREDENTIALS"): 50,
        (429, "TOO_MANY_ATTEMPTS"): 10,
    }
