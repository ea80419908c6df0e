"""The acceptance of an invitation locks the rows of an account in the order of all others, and never deadlocks."""

from itertools import count

import pytest

from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.invitations.repository import set_token
from auth_api.kit.crypto.tokens import INVITATION_TOKEN, new_token
from auth_api.roles.tables import UserRoleRow
from auth_api.sessions.tables import SessionRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.journeys.test_lock_order import (
    Account,
    Operation,
    delete,
    end_sessions,
    log_in,
    make_account,
    reset_password,
)
from tests.support.exposition import Changes
from tests.support.interleavings import interleaved
from tests.support.invitations import JOINING, accept, invite
from tests.support.mail_flows import mark_all_verified
from tests.support.mailbox import Mailbox

pytestmark = [pytest.mark.engine("postgres"), pytest.mark.slow]

TOKEN = new_token(INVITATION_TOKEN)


async def claim(account: Account) -> object:
    return await accept(account.actor, TOKEN.raw, **JOINING)


async def add_roles(account: Account) -> object:
    return await accept(account.actor, TOKEN.raw, bearer=account.actor.access_token)


async def invited_account(other: OtherApp, acceptance: Operation) -> Account:
    """Return an account whose address is invited; the claimed one has not verified it."""
    account = await make_account(other)
    if acceptance is add_roles:
        await mark_all_verified()
    invitation = await invite(other.services, "support", email=account.actor.email)
    await OutboxRow.delete(force=True)
    assert await set_token(invitation.id, TOKEN.digest, mail=1)
    return account


@pytest.mark.parametrize("acceptance", [claim, add_roles])
@pytest.mark.parametrize("operation", [log_in, delete, reset_password, end_sessions])
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "second"])
async def test_acceptance_does_not_deadlock(
    app_with: OtherAppFactory, acceptance: Operation, operation: Operation, *, is_first: bool
) -> None:
    changes = Changes()
    order = [acceptance, operation] if is_first else [operation, acceptance]
    async with app_with(mailer=Mailbox(), SESSIONS_PER_ACCOUNT="3") as other:
        for statements in count(1):
            account = await invited_account(other, acceptance)
            with interleaved(other.services.core.database.engine, after=statements) as interleaving:
                await interleaving.run(lambda: order[0](account), lambda: order[1](account))  # noqa: B023 - awaited here

            assert interleaving.deadlocks == [], statements
            if not interleaving.stopped.is_set():
                break
            assert await UserRoleRow.count() <= 1
            assert await SessionRow.count().where(SessionRow.ended_at.is_null()) <= 3
    assert changes.of("database_transactions_retried_total") == 0
