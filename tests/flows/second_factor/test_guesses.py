"""Limits on wrong second factors: five per login, and those of the account."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from auth_api.services import Services
from auth_api.sign_in.tables import PendingLoginRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.counters import age_counters
from tests.support.exposition import Changes
from tests.support.factors import (
    current_code,
    failures,
    first_step,
    second_step,
    step_up,
    wrong_code,
)
from tests.support.rows import audit_actions

INVALID = (400, "FACTOR_INVALID")
TOO_MANY = (429, "TOO_MANY_ATTEMPTS")
ENDED = (400, "MFA_TOKEN_INVALID")


@pytest.fixture
async def limited(app_with: OtherAppFactory, ada: Actor) -> AsyncIterator[OtherApp]:
    """An application with the limits of accounts, which she uses; those per IP address are a thousand times higher."""
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        ada.client = other.client
        yield other


async def test_five_wrong_codes_end_the_login(ada: Actor, seed: bytes, services: Services) -> None:
    token, wrong = await first_step(ada), wrong_code(services, seed)

    responses = [await second_step(ada, token, wrong) for _ in range(5)]

    assert [(response.outcome, response["attempts_left"]) for response in responses] == [
        (INVALID, left) for left in (4, 3, 2, 1, 0)
    ]
    assert (await second_step(ada, token, current_code(services, seed))).outcome == ENDED


async def test_fifth_guess_may_be_right(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)
    for _ in range(4):
        await second_step(ada, token, wrong_code(services, seed))

    assert (await second_step(ada, token, current_code(services, seed))).status == 200


async def test_ended_login_is_reported_before_a_missing_factor(ada: Actor, seed: bytes, services: Services) -> None:
    token, wrong = await first_step(ada), wrong_code(services, seed)
    for _ in range(5):
        await second_step(ada, token, wrong)

    assert (await second_step(ada, token, "0", method="recovery_code")).outcome == ENDED


async def test_at_most_five_of_thirty_parallel_guesses_are_checked(ada: Actor, seed: bytes, services: Services) -> None:
    token, wrong = await first_step(ada), wrong_code(services, seed)

    responses = await asyncio.gather(*(second_step(ada, token, wrong) for _ in range(30)))

    assert Counter(response.outcome for response in responses) == {INVALID: 5, ENDED: 25}
    assert (await second_step(ada, token, current_code(services, seed))).outcome == ENDED
    assert await failures() == 5


async def test_account_throttle_is_that_of_second_factors(ada: Actor, seed: bytes, limited: OtherApp) -> None:
    """A right password does not clear it, so a new login is refused from the same network."""
    token, wrong = await first_step(ada), wrong_code(limited.services, seed)
    changes = Changes()

    responses = await asyncio.gather(*(second_step(ada, token, wrong) for _ in range(30)))
    refused = await second_step(ada, await first_step(ada), current_code(limited.services, seed))

    outcomes = Counter(response.outcome for response in responses)
    assert outcomes[INVALID] == 5
    assert outcomes.keys() <= {INVALID, TOO_MANY, ENDED}
    assert refused.outcome == TOO_MANY
    assert 25 < int(refused.response.headers["Retry-After"]) <= 30
    assert (await audit_actions()).count("login:second_factor_throttled") == 1
    assert changes.of("second_factors_total", method="totp", outcome="throttled") >= 1


async def test_refused_guess_costs_neither_the_code_nor_the_login(ada: Actor, seed: bytes, limited: OtherApp) -> None:
    wrong = wrong_code(limited.services, seed)
    exhausted, token = await first_step(ada), await first_step(ada)
    for _ in range(5):
        await second_step(ada, exhausted, wrong)
    code = current_code(limited.services, seed)
    refused = [(await second_step(ada, token, code)).outcome for _ in range(6)]

    await age_counters(30)

    assert refused == [TOO_MANY] * 6
    assert (await second_step(ada, token, code)).status == 200


async def test_right_code_clears_the_count_of_its_network(ada: Actor, seed: bytes, limited: OtherApp) -> None:
    token, wrong = await first_step(ada), wrong_code(limited.services, seed)
    for _ in range(4):
        await second_step(ada, token, wrong)
    await second_step(ada, token, current_code(limited.services, seed))

    token = await first_step(ada)
    outcomes = [(await second_step(ada, token, wrong)).outcome for _ in range(5)]

    assert outcomes == [INVALID] * 5


async def test_step_up_and_login_share_the_throttle(ada: Actor, seed: bytes, limited: OtherApp) -> None:
    wrong = wrong_code(limited.services, seed)
    outcomes = [(await step_up(ada, method="totp", code=wrong)).outcome for _ in range(6)]

    refused = await second_step(ada, await first_step(ada), current_code(limited.services, seed))

    assert outcomes == [INVALID] * 5 + [TOO_MANY]
    assert refused.outcome == TOO_MANY


async def test_wrong_second_factors_do_not_block_passwords(ada: Actor, seed: bytes, limited: OtherApp) -> None:
    for _ in range(6):
        await step_up(ada, method="totp", code=wrong_code(limited.services, seed))

    assert (await ada.log_in()).outcome == (403, "MFA_REQUIRED")


async def test_guess_counts_although_the_login_ends_meanwhile(ada: Actor, seed: bytes, services: Services) -> None:
    """The guess is counted in a transaction of its own, before the check."""
    token = await first_step(ada)
    await second_step(ada, token, wrong_code(services, seed))

    (row,) = await PendingLoginRow.select()
    assert row["attempts"] == 1
