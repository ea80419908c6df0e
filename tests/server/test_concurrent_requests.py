"""Concurrent requests over real sockets, to one worker and to two."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.server.conftest import Served
from tests.support.actors import PASSWORD, Actor

pytestmark = pytest.mark.slow


async def test_exactly_one_of_fifty_registrations_of_one_email_succeeds(
    served: Served, parallel_client: httpx.AsyncClient
) -> None:
    people = [Actor(parallel_client, username=f"twin{number}", email="twin@example.com") for number in range(50)]

    responses = await asyncio.gather(*(person.register() for person in people))

    assert Counter(response.outcome for response in responses) == {(201, ""): 1, (409, "DUPLICATE_EMAIL"): 49}
    rows = await served.deployment.rows("SELECT username FROM users WHERE email = 'twin@example.com'")
    assert rows == [(response["username"],) for response in responses if response.status == 201]


async def test_twenty_refreshes_of_one_token_return_the_same_successor(
    served: Served, parallel_client: httpx.AsyncClient
) -> None:
    ada = Actor(parallel_client, username="refresher", email="refresher@example.com")
    await ada.register()

    responses = await asyncio.gather(*(ada.try_refresh() for _ in range(20)))

    assert {response.status for response in responses} == {200}
    assert len({response["refresh_token"] for response in responses}) == 1
    unused = await served.deployment.rows(
        "SELECT used_at IS NULL FROM refresh_tokens JOIN users ON users.id = user_id WHERE username = 'refresher'"
    )
    assert sorted(unused) == [(False,), (True,)]
    assert (await ada.try_refresh(responses[0]["refresh_token"])).status == 200


async def test_no_token_is_valid_after_a_concurrent_logout(parallel_client: httpx.AsyncClient) -> None:
    """Whichever request is first: afterwards neither an access token nor a refresh token of the session is valid."""
    ada = Actor(parallel_client, username="logout_user", email="logout_user@example.com")
    await ada.register()
    await ada.log_in()

    refreshed, left = await asyncio.gather(asyncio.gather(*(ada.try_refresh() for _ in range(10))), ada.log_out())

    assert left.status == 200
    assert {response.outcome for response in refreshed} <= {(200, ""), (401, "TOKEN_REVOKED")}
    given = [ada.refresh_token, *(response["refresh_token"] for response in refreshed if response.status == 200)]
    usable = [await ada.try_refresh(token) for token in set(given)]
    usable += [await ada.profile(response["access_token"]) for response in refreshed if response.status == 200]
    assert {response.outcome for response in usable} == {(401, "TOKEN_REVOKED")}
    assert (await ada.log_in(password=PASSWORD)).status == 200
