"""All identifiers and all routes that check a password share one counter per user (CVE-2025-24806)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import OtherApp
from tests.support.actors import Actor, ApiResponse

WRONG = "Not-the-1-password"
NEW = "Another-Mare-8-Paperclip"

SPELLINGS: list[dict[str, Any]] = [
    {"username": "ada"},
    {"username": "ADA"},
    {"username": "ada@example.com"},
    {"username": "Ada@Example.COM"},
    {"username": None, "email": "ada@example.com"},
    {"username": None, "email": "ADA@EXAMPLE.com"},
]


async def log_in(person: Actor, password: str) -> ApiResponse:
    return await Actor(person.client).log_in(password=password)


async def change_password(person: Actor, password: str) -> ApiResponse:
    body = {"current_password": password, "new_password": NEW}
    return await person.call("POST", "/api/user/password", json=body)


async def delete_account(person: Actor, password: str) -> ApiResponse:
    return await person.call("POST", "/api/user/delete", json={"current_password": password})


PasswordCheck = Callable[[Actor, str], Awaitable[ApiResponse]]
CHECKS: list[PasswordCheck] = [log_in, change_password, delete_account]


@pytest.mark.parametrize("last", SPELLINGS, ids=lambda spelling: " ".join(map(str, spelling.values())))
async def test_all_identifiers_of_a_user_share_a_counter(limited: OtherApp, last: dict[str, Any]) -> None:
    ada = Actor(limited.client)
    await ada.register()
    others = [spelling for spelling in SPELLINGS if spelling != last]

    failures = [(await ada.log_in(**spelling, password=WRONG)).outcome for spelling in others]

    assert failures == [(401, "INVALID_CREDENTIALS")] * 5
    assert (await ada.log_in(**last)).outcome == (429, "TOO_MANY_ATTEMPTS")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"username": "unknown"}, {"username": "UnKnown"}),
        ({"username": "unknown"}, {"username": " unknown "}),
        ({"username": "un known"}, {"username": "un known "}),
        ({"username": None, "email": "no@example.com"}, {"username": None, "email": "NO@EXAMPLE.COM"}),
        ({"username": None, "email": "no@example.com"}, {"username": "No@example.com"}),
        ({"username": None, "email": "no@bücher.example"}, {"username": None, "email": "no@xn--bcher-kva.example"}),
    ],
)
async def test_spellings_of_an_unknown_identifier_share_a_counter(
    limited: OtherApp, first: dict[str, str], second: dict[str, str]
) -> None:
    guesser = Actor(limited.client)

    failures = [(await guesser.log_in(**first)).outcome for _ in range(5)]

    assert failures == [(401, "INVALID_CREDENTIALS")] * 5
    assert (await guesser.log_in(**second)).outcome == (429, "TOO_MANY_ATTEMPTS")


@pytest.mark.parametrize("last", CHECKS, ids=lambda check: check.__name__)
async def test_all_routes_that_check_a_password_share_a_counter(limited: OtherApp, last: PasswordCheck) -> None:
    ada = Actor(limited.client)
    await ada.register()
    first, second = (check for check in CHECKS if check is not last)

    failures = [(await check(ada, WRONG)).outcome for check in (first, first, first, second, second)]
    refused = await last(ada, ada.password)

    assert failures == [(401, "INVALID_CREDENTIALS")] * 5
    assert refused.outcome == (429, "TOO_MANY_ATTEMPTS")
    assert refused.response.headers["Retry-After"] == "30"


async def test_each_user_has_a_separate_counter(limited: OtherApp) -> None:
    ada, grace = Actor(limited.client), Actor(limited.client, username="grace", email="grace@example.com")
    await ada.register()
    await grace.register()
    for _ in range(5):
        await ada.log_in(password=WRONG)

    assert (await ada.log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await grace.log_in()).status == 200


async def test_password_change_resets_the_failures_of_all_networks(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    thief = Actor(limited.client, headers={"X-Forwarded-For": "198.51.100.1"})
    for _ in range(5):
        await thief.log_in(password=WRONG)

    assert (await change_password(ada, ada.password)).status == 200

    assert (await thief.log_in(password=WRONG)).outcome == (401, "INVALID_CREDENTIALS")
    assert (await thief.log_in(password=NEW)).status == 200


async def test_password_change_keeps_the_failures_of_other_users(limited: OtherApp) -> None:
    people = [Actor(limited.client, username=f"person{n}", email=f"person{n}@example.com") for n in range(12)]
    for person in people:
        await person.register()
        await person.log_in(password=WRONG)

    assert (await change_password(people[0], people[0].password)).status == 200

    for person in people[1:]:
        outcomes = [(await person.log_in(password=WRONG)).outcome for _ in range(5)]
        assert outcomes == [(401, "INVALID_CREDENTIALS")] * 4 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_weak_new_password_does_not_count_as_an_attempt(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    body = {"current_password": WRONG, "new_password": "short"}

    outcomes = [(await ada.call("POST", "/api/user/password", json=body)).outcome for _ in range(6)]

    assert outcomes == [(400, "WEAK_PASSWORD")] * 6
    assert (await ada.log_in()).status == 200
