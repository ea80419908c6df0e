"""Logins that add the first factor, beside other transactions on the same account."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import OtherApp
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.enrolment import CONFIRM, OPTIONS, PASSKEYS, TOTP, begin_app, begin_passkey, enrolment_token, send
from tests.support.exposition import Changes
from tests.support.interleavings import interleaved
from tests.support.mail_flows import mark_all_verified
from tests.support.passkeys import new_authenticator
from tests.support.rows import empty_all_tables
from tests.support.statements import until_blocked


@dataclass
class Account:
    """An account without a factor, and two logins that add one."""

    actor: Actor
    services: Services
    app_token: str
    code: str
    passkey_token: str
    credential: dict[str, Any]


async def make_account(requiring: OtherApp) -> Account:
    await empty_all_tables()
    ada = Actor(requiring.client)
    fields = {"email": ada.email, "username": ada.username, "password": ada.password}
    assert (await ada.call("POST", "/api/auth/register", token="", json=fields)).status == 201
    await mark_all_verified()
    app_token, passkey_token = await enrolment_token(ada), await enrolment_token(ada)
    return Account(
        actor=ada,
        services=requiring.services,
        app_token=app_token,
        code=(await begin_app(ada, app_token)).code(),
        passkey_token=passkey_token,
        credential=await begin_passkey(ada, passkey_token, new_authenticator()),
    )


async def add_app(account: Account) -> ApiResponse:
    return await send(account.actor, CONFIRM, account.app_token, code=account.code)


async def add_passkey(account: Account) -> ApiResponse:
    return await send(account.actor, PASSKEYS, account.passkey_token, credential=account.credential)


async def begin_another_app(account: Account) -> ApiResponse:
    return await send(account.actor, TOTP, account.passkey_token)


async def begin_another_passkey(account: Account) -> ApiResponse:
    return await send(account.actor, OPTIONS, account.app_token)


async def log_in(account: Account) -> ApiResponse:
    return await Actor(account.actor.client).log_in()


async def end_sessions(account: Account) -> None:
    user = await account.services.core.users.find(account.actor.username)
    await operators.end_sessions(account.services, user.id)


Operation = Callable[[Account], Coroutine[Any, Any, Any]]

OPERATIONS: Final[tuple[Operation, ...]] = (
    add_app,
    add_passkey,
    begin_another_app,
    begin_another_passkey,
    log_in,
    end_sessions,
)


FREQUENT: Final = {(add_app, log_in), (add_app, add_passkey)}

PAIRS: Final = [
    pytest.param(
        first,
        second,
        marks=() if (first, second) in FREQUENT else pytest.mark.slow,
        id=f"{first.__name__}-{second.__name__}",
    )
    for first in OPERATIONS[:2]
    for second in OPERATIONS
]


@pytest.mark.engine("postgres")
@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_enrolment_locks_in_the_order_of_all_transactions(
    requiring: OtherApp, first: Operation, second: Operation
) -> None:
    """The first transaction stops after each of its statements in turn, until the second has ended or waits for it."""
    changes = Changes()
    for statements in count(1):
        account = await make_account(requiring)

        with interleaved(requiring.services.core.database.engine, after=statements) as interleaving:
            responses = await interleaving.run(lambda: first(account), lambda: second(account))  # noqa: B023 - awaited here

        assert interleaving.deadlocks == [], statements
        assert [each.status for each in responses if each is not None and each.status >= 500] == []
        assert await SessionRow.count() <= 1
        assert await TotpFactorRow.count() + await PasskeyRow.count() == 1
        if not interleaving.stopped.is_set():
            break
    assert changes.of("database_transactions_retried_total") == 0


@pytest.mark.parametrize("path", [TOTP, OPTIONS])
async def test_login_that_ends_while_an_enrolment_begins_adds_nothing(
    ada: Actor, requiring: OtherApp, path: str
) -> None:
    """The beginning of the enrolment waits for the change of the factors, and decides afterwards."""
    token = await enrolment_token(ada)
    core = requiring.services.core
    user = await core.users.find("ada")
    changed, commit = asyncio.Event(), asyncio.Event()

    async def add_elsewhere() -> None:
        async with core.database.engine.transaction():
            await core.users.lock(user.id)
            await core.sign_in.pending_logins.end_all(user.id)
            changed.set()
            await commit.wait()

    change = asyncio.create_task(add_elsewhere())
    await changed.wait()
    beginning = asyncio.create_task(send(ada, path, token))
    await until_blocked(core.database.engine)
    commit.set()
    await change

    assert (await beginning).outcome == (400, "MFA_TOKEN_INVALID")
    assert await TotpCandidateRow.count() == 0
