"""Changes of factors lock the rows of an account in the order of all transactions (docs/architecture.md, "Locks")."""

from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, Final

import pytest

from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.authenticator_app import AuthenticatorApp, add_app, begin_totp
from tests.support.exposition import Changes
from tests.support.interleavings import interleaved
from tests.support.rows import empty_all_tables

pytestmark = pytest.mark.engine("postgres")


class Account:
    """An account with an authenticator app, another one that is being added, and a login that waits for a code."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.code = ""
        self.mfa_token = ""

    async def prepare(self) -> None:
        await empty_all_tables()
        assert (await self.actor.register()).status == 201
        await UserRow.update({UserRow.email_verified_at: UserRow.created_at}, force=True)
        await add_app(self.actor)
        self.code = AuthenticatorApp((await begin_totp(self.actor))["secret"]).code()
        self.mfa_token = (await Actor(self.actor.client).log_in())["mfa_token"]


async def confirm(account: Account) -> ApiResponse:
    return await account.actor.call("POST", "/api/user/totp/confirm", json={"code": account.code})


async def remove(account: Account) -> ApiResponse:
    return await account.actor.call("DELETE", "/api/user/totp")


async def create_codes(account: Account) -> ApiResponse:
    return await account.actor.call("POST", "/api/user/recovery-codes", json={})


async def begin_login(account: Account) -> ApiResponse:
    return await Actor(account.actor.client).log_in()


async def guess(account: Account) -> ApiResponse:
    body = {"mfa_token": account.mfa_token, "method": "totp", "code": account.code}
    return await account.actor.call("POST", "/api/auth/mfa", token="", json=body)


async def refresh(account: Account) -> ApiResponse:
    return await account.actor.try_refresh()


async def delete(account: Account) -> ApiResponse:
    return await account.actor.call("POST", "/api/user/delete", json={})


Operation = Callable[[Account], Coroutine[Any, Any, ApiResponse]]

CHANGES: Final[tuple[Operation, ...]] = (confirm, remove, create_codes)

OTHERS: Final[tuple[Operation, ...]] = (begin_login, guess, refresh, delete)

FREQUENT: Final = {(confirm, remove), (remove, guess), (confirm, refresh)}

PAIRS: Final = [
    pytest.param(
        first,
        second,
        marks=() if (first, second) in FREQUENT else pytest.mark.slow,
        id=f"{first.__name__}-{second.__name__}",
    )
    for first, second in [
        *((first, second) for first in CHANGES for second in (*CHANGES, *OTHERS)),
        *((second, first) for first in CHANGES for second in OTHERS),
    ]
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_two_changes_of_an_account_do_not_deadlock(
    app_with: OtherAppFactory, services: Services, first: Operation, second: Operation
) -> None:
    """The first transaction stops after each of its statements in turn, until the second has ended or waits for it."""
    changes = Changes()
    async with app_with() as other:
        account = Account(Actor(other.client))
        for statements in count(1):
            await account.prepare()
            with interleaved(other.services.core.database.engine, after=statements) as interleaving:
                responses = await interleaving.run(lambda: first(account), lambda: second(account))

            assert interleaving.deadlocks == [], statements
            assert {response.status for response in responses} <= {200, 201, 204, 400, 401, 403, 404}
            if not interleaving.stopped.is_set():
                break
    assert changes.of("database_transactions_retried_total") == 0
