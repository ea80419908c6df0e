"""Transactions on one account lock its rows in one order (docs/architecture.md, "Locks"), and never deadlock."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import pytest

from auth_api.events.outbox.delivery import Delivery
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.errors import UserNotFoundException
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.exposition import Changes
from tests.support.interleavings import interleaved
from tests.support.mail_flows import reset
from tests.support.mailbox import Mailbox
from tests.support.rows import empty_all_tables

MAX_SESSIONS: Final = 3
ROUNDS: Final = 15
STATEMENTS_BEFORE_ACCOUNT: Final = 2
"""Of a deletion: it locks the role of administrators first, and decides whether the user is one."""

NEW_PASSWORD: Final = "Another-Mare-8-Paperclip"


@dataclass
class Account:
    """An account with as many sessions as allowed, so that a login ends one. `actor` has the newest."""

    app: OtherApp
    actor: Actor
    user_id: int
    reset_token: str

    async def usable_sessions(self) -> int:
        """Return the number of sessions that have not ended, and check that exactly their tokens are usable."""
        live = await SessionRow.select(SessionRow.id).where(SessionRow.ended_at.is_null()).output(as_list=True)
        tokens = (
            await RefreshTokenRow.select(RefreshTokenRow.session_id)
            .where(RefreshTokenRow.used_at.is_null() & (RefreshTokenRow.is_revoked == False))  # noqa: E712 - a column
            .output(as_list=True)
        )
        assert sorted(tokens) == sorted(live)
        return len(live)


async def log_in(account: Account) -> ApiResponse:
    return await Actor(account.actor.client).log_in()


async def refresh(account: Account) -> ApiResponse:
    return await account.actor.try_refresh()


async def log_out_everywhere(account: Account) -> ApiResponse:
    return await account.actor.call("POST", "/api/auth/logout-all")


async def change_password(account: Account) -> ApiResponse:
    body = {"current_password": account.actor.password, "new_password": NEW_PASSWORD}
    return await account.actor.call("POST", "/api/user/password", json=body)


async def delete(account: Account) -> ApiResponse:
    return await account.actor.call("POST", "/api/user/delete", json={"current_password": account.actor.password})


async def reset_password(account: Account) -> ApiResponse:
    return await reset(account.actor, account.reset_token)


async def draft_mails(account: Account) -> None:
    await account.app.services.of(Delivery).deliver_all()


async def end_all_sessions(account: Account) -> None:
    await account.app.services.of(AccountRecoveryService).end_all_sessions()


async def end_sessions(account: Account) -> None:
    services = account.app.services
    with suppress(UserNotFoundException):
        user = await services.core.users.find(account.actor.username)
        await operators.end_sessions(services, user.id)


Operation = Callable[[Account], Coroutine[Any, Any, Any]]

OPERATIONS: Final[tuple[Operation, ...]] = (
    log_in,
    refresh,
    log_out_everywhere,
    change_password,
    delete,
    reset_password,
    draft_mails,
    end_sessions,
    end_all_sessions,
)

FREQUENT: Final = OPERATIONS[:3]

PAIRS: Final = [
    pytest.param(
        first,
        second,
        marks=() if {first, second} <= set(FREQUENT) else pytest.mark.slow,
        id=f"{first.__name__}-{second.__name__}",
    )
    for first in OPERATIONS
    for second in OPERATIONS
]


@dataclass
class Expectation:
    """The state of the account after operations one after the other."""

    sessions: int = MAX_SESSIONS
    has_callers_session: bool = True
    is_deleted: bool = False
    has_old_password: bool = True
    has_reset_token: bool = True

    def after(self, operation: Operation) -> None:
        """Apply an operation that was authenticated before the others, and is refused if its credential is gone.

        Those that are confirmed by a password are also refused if the session has ended.
        """
        is_confirmed = self.has_old_password and self.has_callers_session
        if operation in {log_out_everywhere, end_sessions, end_all_sessions}:
            self.sessions, self.has_callers_session = 0, False
        elif operation is log_in and self.has_old_password:
            self.sessions = min(self.sessions + 1, MAX_SESSIONS)
        elif operation is change_password and is_confirmed:
            self.sessions, self.has_old_password, self.has_reset_token = 1, False, False
        elif operation is reset_password and self.has_reset_token:
            self.sessions, self.has_old_password, self.has_reset_token = 0, False, False
        elif operation is delete and is_confirmed:
            self.sessions, self.has_old_password, self.has_reset_token, self.is_deleted = 0, False, False, True


@pytest.fixture
async def other(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    limits = {"SESSIONS_PER_ACCOUNT": str(MAX_SESSIONS), "RATE_LIMIT_ENABLED": "false"}
    async with app_with(mailer=Mailbox(), **limits) as other:
        yield other


async def make_account(other: OtherApp) -> Account:
    await empty_all_tables()
    ada = Actor(other.client)
    assert (await ada.register()).status == 201
    for _ in range(MAX_SESSIONS - 1):
        await ada.log_in()
    (user_id,) = await UserRow.select(UserRow.id).output(as_list=True)
    token = await OneTimeTokens().issue(Purpose.PASSWORD_RESET, user_id, email=ada.email)
    return Account(other, ada, user_id, token)


@pytest.mark.engine("postgres")
@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_two_transactions_on_an_account_do_not_deadlock(
    other: OtherApp, first: Operation, second: Operation
) -> None:
    """The first transaction stops after each of its statements in turn, until the second has ended or waits for it."""
    changes = Changes()
    for statements in count(1):
        account = await make_account(other)
        with interleaved(other.services.core.database.engine, after=statements) as interleaving:
            await interleaving.run(lambda: first(account), lambda: second(account))  # noqa: B023 - awaited here

        assert interleaving.deadlocks == [], statements
        if not interleaving.stopped.is_set():
            break
        expected = Expectation()
        has_locked = first is not delete or second is delete or statements > STATEMENTS_BEFORE_ACCOUNT
        for operation in (first, second) if has_locked else (second, first):
            expected.after(operation)
        assert await account.usable_sessions() == expected.sessions, statements
        assert await UserRow.count() == (0 if expected.is_deleted else 1)
    assert changes.of("database_transactions_retried_total") == 0


async def test_many_transactions_on_an_account_do_not_deadlock(other: OtherApp) -> None:
    choice = random.Random(15)  # noqa: S311 - the same rounds in each run
    for _ in range(ROUNDS):
        account = await make_account(other)
        operations = [*choice.choices(OPERATIONS, k=8), delete]
        choice.shuffle(operations)
        with interleaved(other.services.core.database.engine) as interleaving:
            responses = await asyncio.gather(*(operation(account) for operation in operations))

        assert interleaving.deadlocks == []
        assert {response.status for response in responses if response is not None} <= {200, 204, 400, 401, 404}
        assert await account.usable_sessions() <= MAX_SESSIONS
