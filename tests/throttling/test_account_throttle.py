"""Guessing one user's password from one network: after five free failures, each failure doubles the wait."""

import asyncio
import time
from collections import Counter

import pytest

from auth_api.throttling import repository
from auth_api.throttling.policy import ThrottlingPolicy
from auth_api.throttling.tables import ThrottleCounterRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.counters import age_counters
from tests.support.hash_comparisons import recorded_hash_comparisons
from tests.support.statements import recorded

DAY = 24 * 60 * 60
WRONG = "Not-the-1-password"


async def guess(person: Actor, times: int = 1) -> list[tuple[int, str]]:
    return [(await person.log_in(password=WRONG)).outcome for _ in range(times)]


def wait_of(response: ApiResponse) -> int:
    """Return `Retry-After`."""
    assert response.outcome == (429, "TOO_MANY_ATTEMPTS")
    return int(response.response.headers["Retry-After"])


@pytest.mark.parametrize("username", ["ada", "unknown"])
async def test_correct_password_has_to_wait_after_five_failures(limited: OtherApp, username: str) -> None:
    ada = Actor(limited.client)
    await ada.register()

    failures = await guess(Actor(limited.client, username=username), 5)
    refused = await ada.log_in(username=username)

    assert failures == [(401, "INVALID_CREDENTIALS")] * 5
    assert wait_of(refused) == 30


@pytest.mark.parametrize("username", ["ada", "unknown"])
async def test_wait_doubles_with_each_failure_up_to_15_minutes(limited: OtherApp, username: str) -> None:
    await Actor(limited.client).register()
    guesser = Actor(limited.client, username=username)
    await guess(guesser, 5)

    waits = []
    for _ in range(8):
        waits.append(wait_of(await guesser.log_in()))
        await age_counters(waits[-1])
        assert await guess(guesser) == [(401, "INVALID_CREDENTIALS")]

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


async def test_wait_does_not_end_early(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    await age_counters(20)

    assert wait_of(await ada.log_in()) == 10


async def test_attempt_during_a_wait_does_not_extend_it(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    assert await guess(ada, 20) == [(429, "TOO_MANY_ATTEMPTS")] * 20
    await age_counters(30)

    assert (await ada.log_in()).status == 200


async def test_failures_expire_after_a_day(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    await age_counters(DAY)

    assert await guess(ada, 6) == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_failures_count_for_a_day(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 4)

    await age_counters(DAY - 60)

    assert await guess(ada, 2) == [(401, "INVALID_CREDENTIALS"), (429, "TOO_MANY_ATTEMPTS")]


async def test_counters_expire_a_window_after_the_last_attempt(limited: OtherApp) -> None:
    """A day for the failures from one network, an hour for those from all networks."""
    await guess(Actor(limited.client), 2)
    counters = await ThrottleCounterRow.select().where(ThrottleCounterRow.key.like("attempts:%"))

    assert sorted(round(row["expires_at"] - time.time(), -2) for row in counters) == [3600, DAY]


async def test_success_resets_the_failures(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 4)

    assert (await ada.log_in()).status == 200

    assert await guess(ada, 6) == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_no_password_is_compared_during_a_wait(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    with recorded_hash_comparisons() as compared:
        refused = await ada.log_in()

    assert refused.outcome == (429, "TOO_MANY_ATTEMPTS")
    assert compared == []


async def test_at_most_five_of_fifty_parallel_guesses_are_compared(limited: OtherApp) -> None:
    """CVE-2024-4629: an attempt is counted before its password is compared, so parallel guesses cannot pass."""
    ada = Actor(limited.client)
    await ada.register()
    guesses = [ada.password if number == 40 else f"wrong-{number}" for number in range(50)]

    with recorded_hash_comparisons() as compared:
        responses = await asyncio.gather(*(ada.log_in(password=guess) for guess in guesses))

    outcomes = Counter(response.outcome for response in responses)
    assert outcomes[429, "TOO_MANY_ATTEMPTS"] == 45
    assert len(compared) == 5


async def test_refused_attempt_writes_no_audit_row(limited: OtherApp) -> None:
    """It takes two INSERTs that count, and two SELECTs: the user, and the remaining wait."""
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)

    with recorded(limited.services.core.database.engine) as statements:
        await ada.log_in()

    assert [statement.split(maxsplit=1)[0] for statement in statements] == ["INSERT", "SELECT", "INSERT", "SELECT"]


async def test_attempt_overtaken_by_a_block_does_not_count_for_the_user(
    limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await guess(ada, 5)
    count = repository.count_attempt

    async def overtaken(network_key: str, user_key: str, policy: ThrottlingPolicy) -> repository.AttemptCounts:
        counted = await count(f"{network_key}-other", user_key, policy)
        return repository.AttemptCounts(None, counted.of_user)

    monkeypatch.setattr(repository, "count_attempt", overtaken)
    refused = await ada.log_in()

    assert refused.outcome == (429, "TOO_MANY_ATTEMPTS")
    counters = await ThrottleCounterRow.select().where(ThrottleCounterRow.key.like("attempts:id:%"))
    of_user = [row["attempts"] for row in counters if row["key"].count(":") == 2]
    assert of_user == [5]


async def test_parallel_logins_of_a_user_do_not_deadlock(limited: OtherApp) -> None:
    """Successes and failures lock the same two rows, in the same order."""
    ada = Actor(limited.client)
    await ada.register()

    outcomes: Counter[int] = Counter()
    for _ in range(8):
        outcomes += Counter([response.status for response in await asyncio.gather(*(ada.log_in() for _ in range(4)))])

    assert outcomes == {200: 32}


async def test_disabled_limits_disable_the_throttle(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="false") as other:
        ada = Actor(other.client)
        await ada.register()

        assert await guess(ada, 20) == [(401, "INVALID_CREDENTIALS")] * 20
        assert (await ada.log_in()).status == 200
