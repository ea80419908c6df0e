"""Transactions with second factors lock the rows of an account in the order of docs/architecture.md, "Locks"."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import pytest

from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.clock import MovableClock
from tests.support.factors import (
    add_recovery_codes,
    add_totp,
    current_code,
    first_step,
    move_to_a_new_step,
    second_step,
    step_up,
    switch_two_step_on,
    wrong_code,
)
from tests.support.interleavings import interleaved


@dataclass
class Account:
    """A user with two-step login, a login that waits for the second step, and codes."""

    actor: Actor
    mfa_token: str
    code: str
    wrong_code: str
    recovery_code: str


async def complete_login(account: Account) -> ApiResponse:
    return await second_step(account.actor, account.mfa_token, account.code)


async def complete_login_by_recovery_code(account: Account) -> ApiResponse:
    return await second_step(account.actor, account.mfa_token, account.recovery_code, method="recovery_code")


async def guess(account: Account) -> ApiResponse:
    return await second_step(account.actor, account.mfa_token, account.wrong_code)


async def begin_login(account: Account) -> ApiResponse:
    return await Actor(account.actor.client).log_in()


async def prove_again(account: Account) -> ApiResponse:
    return await step_up(account.actor, method="totp", code=account.code)


async def refresh(account: Account) -> ApiResponse:
    return await account.actor.try_refresh()


async def log_out_everywhere(account: Account) -> ApiResponse:
    return await account.actor.call("POST", "/api/auth/logout-all")


Operation = Callable[[Account], Coroutine[Any, Any, ApiResponse]]

OPERATIONS: Final[tuple[Operation, ...]] = (
    complete_login,
    complete_login_by_recovery_code,
    guess,
    begin_login,
    prove_again,
    refresh,
    log_out_everywhere,
)

MAX_STATEMENTS: Final = 8
"""The first transaction stops after each of its statements in turn."""


FREQUENT: Final = {(complete_login, complete_login), (complete_login, guess), (prove_again, refresh)}

PAIRS: Final = [
    pytest.param(
        first,
        second,
        marks=() if (first, second) in FREQUENT else pytest.mark.slow,
        id=f"{first.__name__}-{second.__name__}",
    )
    for first in OPERATIONS[:5]
    for second in OPERATIONS
]


@pytest.mark.engine("postgres")  # SQLite has one writer at a time
@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_two_transactions_with_second_factors_do_not_deadlock(
    user_factory: UserFactory, services: Services, clock: MovableClock, first: Operation, second: Operation
) -> None:
    move_to_a_new_step(clock)
    for after in range(1, MAX_STATEMENTS + 1):
        actor = await user_factory(is_verified=True)
        await switch_two_step_on(actor.username)
        seed = await add_totp(services, actor.username)
        account = Account(
            actor=actor,
            mfa_token=await first_step(actor),
            code=current_code(services, seed),
            wrong_code=wrong_code(services, seed),
            recovery_code=(await add_recovery_codes(services, actor.username))[0],
        )

        with interleaved(services.core.database.engine, after=after) as interleaving:
            responses = await interleaving.run(lambda: first(account), lambda: second(account))  # noqa: B023 - called at once

        assert interleaving.deadlocks == []
        assert [response.status for response in responses if response.status >= 500] == []
