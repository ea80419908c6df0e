"""Guessing at one account from one network: five failures are free, then every one costs a wait that doubles."""

import asyncio
from collections import Counter

import pytest

from auth_api.throttling import repository
from auth_api.throttling.policy import ThrottlingPolicy
from auth_api.throttling.tables import ThrottleCounterRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.counters import age_counters
from tests.support.counting import counted_verifications
from tests.support.statements import recorded

DAY = 24 * 60 * 60
WRONG = "Not-the-1-password"


async def guess(person: Actor, times: int = 1) -> list[tuple[int, str]]:
    return [(await person.log_in(password=WRONG)).outcome for _ in range(times)]


def wait_of(response: ApiResponse) -> int:
    """Return the wait that an answer tells, to five seconds: a slow test machine must not decide."""
    assert response.outcome == (429, "TOO_MANY_ATTEMPTS")
    return -(-int(response.response.headers["Retry-After"]) // 5) * 5


@pytest.mark.parametrize("username", ["ada", "nobody"])
async def test_after_five_failures_even_the_right_password_has_to_wait(limited: OtherApp, username: str) -> None:
    ada = Actor(limited.client)
    await ada.register()

    failures = await guess(Actor(limited.client, username=username), 5)
    refused = await ada.log_in(username=username)

    assert failures == [(401, "INVALID_CREDENTIALS")] * 5
    assert wait_of(refused) == 30


@pytest.mark.parametrize("username", ["ada", "nobody"])
async def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(
    limited: OtherApp, username: str
) -> None:
    await Actor(limited.client).register()
    guesser = Actor(limited.client, username=username)
    await guess(guesser, 5)

    waits = []
    for _ in range(8):
        waits.append(wait_of(await guesser.log_in()))
        await age_counters(waits[-1])
        assert await guess(guesser) == [(401, "INVALID_CREDENTIALS")]

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


async def test_a_wait_is_not_over_before_its_end(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    await age_counters(20)

    assert wait_of(await ada.log_in()) == 10


async def test_trying_during_a_wait_does_not_lengthen_it(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    assert await guess(ada, 20) == [(429, "TOO_MANY_ATTEMPTS")] * 20
    await age_counters(30)

    assert (await ada.log_in()).status == 200


async def test_failures_are_forgotten_after_a_day(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    await age_counters(DAY)

    assert await guess(ada, 6) == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_fewer_than_five_failures_stay_on_the_account_for_a_day(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 4)

    await age_counters(DAY - 60)

    assert await guess(ada, 2) == [(401, "INVALID_CREDENTIALS"), (429, "TOO_MANY_ATTEMPTS")]


async def test_a_success_gives_the_five_back(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 4)

    assert (await ada.log_in()).status == 200

    assert await guess(ada, 6) == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_no_password_is_looked_at_during_a_wait(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    with counted_verifications() as compared:
        refused = await ada.log_in()

    assert refused.outcome == (429, "TOO_MANY_ATTEMPTS")
    assert compared == []


async def test_fifty_parallel_guesses_evaluate_no_more_than_five_passwords(limited: OtherApp) -> None:
    """CVE-2024-4629: an attempt is counted before it is looked at, so nobody slips through between the two."""
    ada = Actor(limited.client)
    await ada.register()
    guesses = [ada.password if number == 40 else f"wrong-{number}" for number in range(50)]

    with counted_verifications() as compared:
        responses = await asyncio.gather(*(ada.log_in(password=guess) for guess in guesses))

    outcomes = Counter(response.outcome for response in responses)
    assert outcomes[429, "TOO_MANY_ATTEMPTS"] == 45
    assert len(compared) == 5


async def test_who_has_to_wait_writes_nothing_into_the_history(limited: OtherApp) -> None:
    """Two statements count, and two read: the account, and how long to wait."""
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    with recorded(limited.services.database.engine) as statements:
        await ada.log_in()

    assert [statement.split(maxsplit=1)[0] for statement in statements] == ["INSERT", "SELECT", "INSERT", "SELECT"]


async def test_an_attempt_that_is_overtaken_by_a_block_does_not_count_at_the_account(
    limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)
    count = repository.count_attempt

    async def overtaken(network_key: str, user_key: str, policy: ThrottlingPolicy) -> repository.AttemptCounts:
        counted = await count(f"{network_key}-elsewhere", user_key, policy)
        return repository.AttemptCounts(None, counted.of_user)

    monkeypatch.setattr(repository, "count_attempt", overtaken)
    refused = await ada.log_in()

    assert refused.outcome == (429, "TOO_MANY_ATTEMPTS")
    counters = await ThrottleCounterRow.select().where(ThrottleCounterRow.key.like("attempts:id:%"))
    of_account = [row["attempts"] for row in counters if row["key"].count(":") == 2]
    assert of_account == [5]


async def test_many_logins_at_once_wait_for_each_other_in_one_order(limited: OtherApp) -> None:
    """Successes and failures lock the same two rows; in different orders some would end in a deadlock."""
    ada = Actor(limited.client)
    await ada.register()

    outcomes: Counter[int] = Counter()
    for _ in range(8):
        outcomes += Counter([response.status for response in await asyncio.gather(*(ada.log_in() for _ in range(4)))])

    assert outcomes == {200: 32}


async def test_switched_off_there_is_no_throttle(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="false") as other:
        ada = Actor(other.client)
        await ada.register()

        assert await guess(ada, 20) == [(401, "INVALID_CREDENTIALS")] * 20
        assert (await ada.log_in()).status == 200
