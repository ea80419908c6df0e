"""ASVS 5.0 V6.3.8: neither a response nor the work behind it reveals whether a user exists.

This holds before, during and after a wait of the account throttle.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.client_ips import from_ip
from tests.support.counters import age_counters
from tests.support.hash_comparisons import recorded_hash_comparisons
from tests.support.statements import recorded

pytestmark = pytest.mark.slow

WRONG = "Not-the-1-password"
VARYING_FIELDS = ("timestamp", "request_id")
Identifier = dict[str, str | None]
IDENTIFIERS: list[Identifier] = [
    {"username": "ada"},
    {"username": "off"},
    {"username": "unusable"},
    {"username": "unknown"},
    {"username": None, "email": "unknown@example.com"},
    {"username": "unknown@example.com"},
]
"""A user, a disabled one, one without a password, and three identifiers that no user has."""

Stage = Callable[[OtherApp, Actor, Identifier], Any]


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with limits, and users of all kinds."""
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES=CLIENT_IP) as other:
        for name in ("ada", "off", "unusable"):
            await Actor(other.client, username=name, email=f"{name}@example.com").register()
        await UserRow.update({UserRow.is_active: False}).where(UserRow.username == "off")
        await UserRow.update({UserRow.hashed_password: "!"}).where(UserRow.username == "unusable")
        yield other


async def at_first(other: OtherApp, guesser: Actor, identifier: Identifier) -> Actor:
    return guesser


async def during_a_wait(other: OtherApp, guesser: Actor, identifier: Identifier) -> Actor:
    for _ in range(5):
        await guesser.log_in(**identifier, password=WRONG)
    return guesser


async def after_a_wait(other: OtherApp, guesser: Actor, identifier: Identifier) -> Actor:
    await during_a_wait(other, guesser, identifier)
    await age_counters(30)
    return guesser


async def during_a_longer_wait(other: OtherApp, guesser: Actor, identifier: Identifier) -> Actor:
    await after_a_wait(other, guesser, identifier)
    await guesser.log_in(**identifier, password=WRONG)
    return guesser


async def blocked_for_new_networks(other: OtherApp, guesser: Actor, identifier: Identifier) -> Actor:
    for number in range(50):
        await from_ip(guesser, f"198.51.100.{number}").log_in(**identifier, password=WRONG)
    return from_ip(guesser, "192.0.2.1")


def constant_part(response: ApiResponse) -> Any:
    """Return the parts of a response that must not differ."""
    body = {name: value for name, value in response.json.items() if name not in VARYING_FIELDS}
    headers = {name: value for name, value in response.response.headers.items() if name != "x-request-id"}
    headers.pop("ratelimit")  # counts down with each request
    return response.status, list(response.json), body, headers, len(response.response.content)


@pytest.mark.parametrize(
    ("stage", "identifiers", "outcome", "hashes"),
    [
        (at_first, IDENTIFIERS, (401, "INVALID_CREDENTIALS"), 1),
        (during_a_wait, IDENTIFIERS, (429, "TOO_MANY_ATTEMPTS"), 0),
        (after_a_wait, IDENTIFIERS, (401, "INVALID_CREDENTIALS"), 1),
        (during_a_longer_wait, IDENTIFIERS, (429, "TOO_MANY_ATTEMPTS"), 0),
        (blocked_for_new_networks, [IDENTIFIERS[0], IDENTIFIERS[3]], (429, "TOO_MANY_ATTEMPTS"), 0),
    ],
    ids=["first attempt", "wait", "after a wait", "longer wait", "block of new networks"],
)
async def test_response_and_work_are_the_same_for_all_kinds_of_users_and_none(
    limited: OtherApp, stage: Stage, identifiers: list[Identifier], outcome: tuple[int, str], hashes: int
) -> None:
    responses, statements_sent, compared = [], [], []

    for number, identifier in enumerate(identifiers):
        guesser = await stage(limited, from_ip(Actor(limited.client), f"203.0.113.{100 + number}"), identifier)
        with (
            recorded(limited.services.core.database.engine) as statements,
            recorded_hash_comparisons() as verifications,
        ):
            responses.append(await guesser.log_in(**identifier, password=WRONG))
        statements_sent.append([statement.replace("WHERE email =", "WHERE username =") for statement in statements])
        compared.append([stored.rsplit("$", 2)[0] for stored in verifications])
        await age_counters(10**6)  # the last two are the same identifier

    assert [response.outcome for response in responses] == [outcome] * len(identifiers)
    assert [constant_part(response) for response in responses] == [constant_part(responses[0])] * len(identifiers)
    assert statements_sent == [statements_sent[0]] * len(identifiers)
    assert compared == [compared[0]] * len(identifiers)
    assert len(compared[0]) == hashes


async def test_disabled_user_is_revealed_only_after_a_correct_password(limited: OtherApp) -> None:
    owner = Actor(limited.client, username="off")

    responses = [await owner.log_in(password=WRONG), await owner.log_in()]

    assert [response.outcome for response in responses] == [(401, "INVALID_CREDENTIALS"), (403, "ACCOUNT_DISABLED")]


async def test_wait_does_not_reveal_a_correct_password(limited: OtherApp) -> None:
    """Otherwise guessing could continue during a wait."""
    guesser = Actor(limited.client)
    for _ in range(5):
        await guesser.log_in(password=WRONG)

    responses = [await guesser.log_in(password=WRONG), await guesser.log_in()]

    assert constant_part(responses[0]) == constant_part(responses[1])
    assert responses[0].outcome == (429, "TOO_MANY_ATTEMPTS")
