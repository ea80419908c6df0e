"""The database fails at each statement of a request with a second factor: the same proof works after the recovery."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from piccolo.querystring import QueryString

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.throttling.tables import ThrottleCounterRow
from tests.conftest import OtherApp, OtherAppFactory
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
)
from tests.support.passkeys import (
    login_options,
    second_factor_options,
    send_login,
    send_second_factor,
    send_step_up,
    step_up_options,
    stored_passkey,
)
from tests.support.rows import empty_all_tables

pytestmark = pytest.mark.slow

MAX_STATEMENTS: Final = 20

Send = Callable[[], Awaitable[ApiResponse]]
"""Sends a proof, the same each time."""


async def code_at_login(ada: Actor, services: Services) -> Send:
    code = current_code(services, await add_totp(services, ada.username))
    token = await first_step(ada)
    return lambda: second_step(ada, token, code)


async def recovery_code_at_login(ada: Actor, services: Services) -> Send:
    await add_totp(services, ada.username)
    (code, *_) = await add_recovery_codes(services, ada.username)
    token = await first_step(ada)
    return lambda: second_step(ada, token, code, method="recovery_code")


async def passkey_as_second_factor(ada: Actor, services: Services) -> Send:
    soft = await stored_passkey(services, ada)
    token = await first_step(ada)
    credential = soft.get(await second_factor_options(ada, token))
    return lambda: send_second_factor(ada, token, credential)


async def passkey_login(ada: Actor, services: Services) -> Send:
    soft = await stored_passkey(services, ada)
    credential = soft.get(await login_options(ada))
    return lambda: send_login(ada, credential)


async def code_at_step_up(ada: Actor, services: Services) -> Send:
    code = current_code(services, await add_totp(services, ada.username))
    return lambda: step_up(ada, method="totp", code=code)


async def passkey_at_step_up(ada: Actor, services: Services) -> Send:
    soft = await stored_passkey(services, ada)
    credential = soft.get(await step_up_options(ada))
    return lambda: send_step_up(ada, credential)


def disk_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR, "SQLITE_IOERR"
    return error


@contextmanager
def outage(engine: Any, *, at: int) -> Iterator[None]:
    """Let one statement fail: PostgreSQL ends the connection, SQLite reports a damaged disk."""
    run, statements = engine.run_querystring, 0

    async def run_or_fail(querystring: Any, **arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        if statements != at:
            return await run(querystring, **arguments)
        if engine.engine_type == "sqlite":
            raise disk_error()
        return await run(QueryString("SELECT pg_terminate_backend(pg_backend_pid())"), **arguments)

    engine.run_querystring = run_or_fail
    try:
        yield
    finally:
        del engine.run_querystring


@pytest.fixture
async def limited(app_with: OtherAppFactory, clock: MovableClock) -> AsyncIterator[OtherApp]:
    """An application with all limits, of which those per IP address are a thousand times higher."""
    move_to_a_new_step(clock)
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        yield other


@pytest.mark.parametrize(
    "prepare",
    [
        code_at_login,
        recovery_code_at_login,
        passkey_as_second_factor,
        passkey_login,
        code_at_step_up,
        passkey_at_step_up,
    ],
)
async def test_same_proof_works_after_an_outage_at_any_statement(
    limited: OtherApp, prepare: Callable[[Actor, Services], Awaitable[Send]]
) -> None:
    refused = 0
    for at in range(1, MAX_STATEMENTS + 1):
        await empty_all_tables()
        ada = Actor(limited.client)
        await ada.register()
        await switch_two_step_on(ada.username)
        send = await prepare(ada, limited.services)

        with outage(limited.services.core.database.engine, at=at):
            first = await send()
        if first.status == 200:
            continue

        refused += 1
        assert first.outcome == (503, "DATABASE_UNAVAILABLE")
        assert await SessionRow.count() == 1
        attempts = await PendingLoginRow.select(PendingLoginRow.attempts).output(as_list=True)
        assert attempts in ([], [0], [1])
        guesses = ThrottleCounterRow.select(ThrottleCounterRow.attempts).where(
            ThrottleCounterRow.key.like("attempts:second:%")
        )
        assert set(await guesses.output(as_list=True)) <= {0}
        assert (await send()).status == 200

    assert 6 <= refused < MAX_STATEMENTS
