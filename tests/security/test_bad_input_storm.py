"""FT29: bad input does not count as a failure of the database, so the circuit breaker stays closed."""

import asyncio
from collections import Counter

import httpx
import pytest

from auth_api.kit.breaker.breaker import breakers
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.forgeries import claims_of, header_of, signed

pytestmark = pytest.mark.slow

ROUNDS = 100
JSON = {"Content-Type": "application/json"}


async def post(client: httpx.AsyncClient, content: bytes) -> ApiResponse:
    return ApiResponse(await client.post("/api/auth/login", content=content, headers=JSON))


async def test_a_thousand_bad_requests_leave_the_breaker_closed(user_factory: UserFactory) -> None:
    ada = await user_factory()
    stranger = Actor(ada.client)
    forged = signed({**header_of(ada.access_token), "alg": "none"}, claims_of(ada.access_token), b"")

    def one_of_each(number: int) -> list[asyncio.Task[ApiResponse]]:
        requests = [
            stranger.register(),  # both identifiers are taken
            stranger.register(email=f"other{number}@example.com"),  # the username is taken
            stranger.register(username=f"nul\0{number}"),
            stranger.log_in(password=f"nul\0{number}"),
            stranger.log_in(username="\U0001f40e" * 50),
            stranger.try_refresh("rt_" + "\0" * 40),
            stranger.profile(forged),
            stranger.profile("rt_" + "x" * 43),
            post(ada.client, b"{" * 1000),
            post(ada.client, b'{"username": "\xff\xfe"}'),
        ]
        return [asyncio.create_task(request) for request in requests]

    responses: list[ApiResponse] = []
    for number in range(ROUNDS):
        responses += await asyncio.gather(*one_of_each(number))

    assert Counter(response.outcome for response in responses) == {
        (409, "DUPLICATE_EMAIL"): ROUNDS,
        (409, "DUPLICATE_USERNAME"): ROUNDS,
        (400, "VALIDATION_ERROR"): ROUNDS,
        (401, "INVALID_CREDENTIALS"): 2 * ROUNDS,
        (401, "TOKEN_INVALID"): 3 * ROUNDS,
        (400, "MALFORMED_REQUEST"): 2 * ROUNDS,
    }
    database = breakers.snapshot()["database"]
    assert (database.state, database.failures) == ("closed", 0)
    assert (await ada.log_in()).status == 200
    assert (await ada.profile()).status == 200
