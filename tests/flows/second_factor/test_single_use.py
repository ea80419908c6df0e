"""A code is used once (RFC 6238 §5.2), and of several concurrent requests one succeeds."""

import asyncio
from collections import Counter

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.support.actors import Actor
from tests.support.factors import (
    add_recovery_codes,
    current_code,
    first_step,
    second_step,
    step_up,
)
from tests.support.faults import fault

INVALID = (400, "FACTOR_INVALID")


async def test_code_completes_one_login(ada: Actor, seed: bytes, services: Services) -> None:
    first, second = await first_step(ada), await first_step(ada)
    code = current_code(services, seed)

    assert (await second_step(ada, first, code)).status == 200
    assert (await second_step(ada, second, code)).outcome == INVALID


async def test_code_of_a_login_is_used_up_for_the_step_up_and_the_other_way_round(
    ada: Actor, seed: bytes, services: Services
) -> None:
    used, later = current_code(services, seed), current_code(services, seed, steps=1)
    await second_step(ada, await first_step(ada), used)

    assert (await step_up(ada, method="totp", code=used)).outcome == INVALID
    assert (await step_up(ada, method="totp", code=later)).status == 200
    assert (await second_step(ada, await first_step(ada), later)).outcome == INVALID


async def test_code_of_an_earlier_step_than_the_last_used_one_is_refused(
    ada: Actor, seed: bytes, services: Services
) -> None:
    await second_step(ada, await first_step(ada), current_code(services, seed, steps=1))

    assert (await second_step(ada, await first_step(ada), current_code(services, seed))).outcome == INVALID


@pytest.mark.parametrize("steps", [-2, -1, 1, 2])
async def test_code_of_a_neighbouring_step_is_accepted(ada: Actor, seed: bytes, services: Services, steps: int) -> None:
    """The clocks of the app and of the server may differ by one step (RFC 6238 §6)."""
    code = current_code(services, seed, steps=steps)

    response = await second_step(ada, await first_step(ada), code)

    assert response.status == (200 if abs(steps) == 1 else 400)


async def test_token_completes_one_login(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)
    await second_step(ada, token, current_code(services, seed))

    again = await second_step(ada, token, current_code(services, seed, steps=1))

    assert again.outcome == (400, "MFA_TOKEN_INVALID")


async def test_one_of_fifty_logins_with_the_same_code_succeeds(ada: Actor, seed: bytes, services: Services) -> None:
    tokens = [await first_step(ada) for _ in range(50)]
    code = current_code(services, seed)

    responses = await asyncio.gather(*(second_step(ada, token, code) for token in tokens))

    assert Counter(response.code for response in responses) == {"": 1, "FACTOR_INVALID": 49}
    assert await SessionRow.count() == 2


async def test_one_of_fifty_logins_with_the_same_recovery_code_succeeds(ada: Actor, services: Services) -> None:
    codes = await add_recovery_codes(services, ada.username)
    tokens = [await first_step(ada) for _ in range(50)]

    responses = await asyncio.gather(*(second_step(ada, token, codes[0], method="recovery_code") for token in tokens))

    assert Counter(response.code for response in responses) == {"": 1, "FACTOR_INVALID": 49}
    assert [response["recovery_codes_left"] for response in responses if response.status == 200] == [9]
    assert await SessionRow.count() == 2


async def test_one_of_five_recovery_codes_completes_the_same_login(ada: Actor, services: Services) -> None:
    codes = await add_recovery_codes(services, ada.username)
    token = await first_step(ada)

    responses = await asyncio.gather(*(second_step(ada, token, code, method="recovery_code") for code in codes[:5]))

    assert Counter(response.code for response in responses) == {"": 1, "MFA_TOKEN_INVALID": 4}
    left = await services.core.second_factors.of_user((await ada.profile())["id"])
    assert left.recovery_codes is not None
    assert left.recovery_codes.left == 9


async def test_code_works_after_an_outage_during_its_login(ada: Actor, seed: bytes, services: Services) -> None:
    """An outage between the second factor and the session uses up neither the code nor the login."""
    token, code = await first_step(ada), current_code(services, seed)

    async with fault(services.core.database.engine, "refuse", "INSERT", "sessions"):
        assert (await second_step(ada, token, code)).status >= 500

    assert (await second_step(ada, token, code)).status == 200
