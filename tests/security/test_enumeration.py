"""ASVS 5.0 V6.3.8: at no stage does an answer, or the work behind it, tell an account from none.

Whether limits are on or off, before, during and after a wait.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.client_ips import from_ip
from tests.support.counters import age_counters
from tests.support.counting import counted_verifications
from tests.support.statements import recorded

pytestmark = pytest.mark.slow

WRONG = "Not-the-1-password"
DIFFERS = ("timestamp", "request_id")
Name = dict[str, str | None]
NAMES: list[Name] = [
    {"username": "ada"},
    {"username": "off"},
    {"username": "unusable"},
    {"username": "nobody"},
    {"username": None, "email": "nobody@example.com"},
    {"username": "nobody@example.com"},
]
"""An account, a disabled one, one without a password, and none in three spellings."""

Stage = Callable[[OtherApp, Actor, Name], Any]


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """With accounts of all kinds, and limits on."""
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES=CLIENT_IP) as other:
        for name in ("ada", "off", "unusable"):
            await Actor(other.client, username=name, email=f"{name}@example.com").register()
        await UserRow.update({UserRow.is_active: False}).where(UserRow.username == "off")
        await UserRow.update({UserRow.hashed_password: "!"}).where(UserRow.username == "unusable")
        yield other


async def fresh(other: OtherApp, guesser: Actor, name: Name) -> Actor:
    return guesser


async def waiting(other: OtherApp, guesser: Actor, name: Name) -> Actor:
    for _ in range(5):
        await guesser.log_in(**name, password=WRONG)
    return guesser


async def waited(other: OtherApp, guesser: Actor, name: Name) -> Actor:
    await waiting(other, guesser, name)
    await age_counters(30)
    return guesser


async def waiting_longer(other: OtherApp, guesser: Actor, name: Name) -> Actor:
    await waited(other, guesser, name)
    await guesser.log_in(**name, password=WRONG)
    return guesser


async def closed(other: OtherApp, guesser: Actor, name: Name) -> Actor:
    for number in range(50):
        await from_ip(guesser, f"198.51.100.{number}").log_in(**name, password=WRONG)
    return from_ip(guesser, "192.0.2.1")


def constant_part(response: ApiResponse) -> Any:
    """Return all of an answer that may not differ; the wait to five seconds, as machines are slow at times."""
    body = {name: value for name, value in response.json.items() if name not in DIFFERS}
    headers = {name: value for name, value in response.response.headers.items() if name != "x-request-id"}
    headers.pop("ratelimit")  # counts down, for whoever asks
    wait = -(-int(headers.pop("retry-after", 0)) // 5) * 5
    return response.status, list(response.json), body, headers, wait, len(response.response.content)


@pytest.mark.parametrize(
    ("stage", "names", "outcome", "hashes"),
    [
        (fresh, NAMES, (401, "INVALID_CREDENTIALS"), 1),
        (waiting, NAMES, (429, "TOO_MANY_ATTEMPTS"), 0),
        (waited, NAMES, (401, "INVALID_CREDENTIALS"), 1),
        (waiting_longer, NAMES, (429, "TOO_MANY_ATTEMPTS"), 0),
        (closed, [NAMES[0], NAMES[3]], (429, "TOO_MANY_ATTEMPTS"), 0),
    ],
    ids=["fresh", "waiting", "waited", "waiting longer", "closed"],
)
async def test_all_kinds_of_accounts_and_none_are_alike(
    limited: OtherApp, stage: Stage, names: list[Name], outcome: tuple[int, str], hashes: int
) -> None:
    responses, asked, compared = [], [], []

    for number, name in enumerate(names):
        guesser = await stage(limited, from_ip(Actor(limited.client), f"203.0.113.{100 + number}"), name)
        with recorded(limited.services.database.engine) as statements, counted_verifications() as verifications:
            responses.append(await guesser.log_in(**name, password=WRONG))
        asked.append([statement.replace("WHERE email =", "WHERE username =") for statement in statements])
        compared.append([stored.rsplit("$", 2)[0] for stored in verifications])
        await age_counters(10**6)  # the last two are one name

    assert [response.outcome for response in responses] == [outcome] * len(names)
    assert [constant_part(response) for response in responses] == [constant_part(responses[0])] * len(names)
    assert asked == [asked[0]] * len(names)
    assert compared == [compared[0]] * len(names)
    assert len(compared[0]) == hashes


async def test_only_the_right_password_tells_that_an_account_is_disabled(limited: OtherApp) -> None:
    owner = Actor(limited.client, username="off")

    responses = [await owner.log_in(password=WRONG), await owner.log_in()]

    assert [response.outcome for response in responses] == [(401, "INVALID_CREDENTIALS"), (403, "ACCOUNT_DISABLED")]


async def test_a_wait_says_the_same_to_who_knows_the_password(limited: OtherApp) -> None:
    """Or guessing could go on during a wait, by looking at the answer."""
    guesser = Actor(limited.client)
    for _ in range(5):
        await guesser.log_in(password=WRONG)

    responses = [await guesser.log_in(password=WRONG), await guesser.log_in()]

    assert constant_part(responses[0]) == constant_part(responses[1])
    assert responses[0].outcome == (429, "TOO_MANY_ATTEMPTS")
