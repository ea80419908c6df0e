"""Each event that ends access to an account ends what `AccessEvent.ends` lists, and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import pytest

from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.email_change.mails import EMAIL_CHANGE
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent, EndedSessions, PasswordChange
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.throttling.tables import ThrottleCounterRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.aged_rows import add_counter, ago
from tests.support.mail_flows import NEW_PASSWORD, change_password, confirm, report, reset, undo, verify
from tests.support.mailbox import Mailbox

LINKS: Final = set(Purpose) - {Purpose.REGISTRATION}
"""Purposes of the links of a user. A registration that waits for its link has no user."""


@dataclass
class Account:
    """An account with one of each thing that an event can end.

    Attributes:
        caller: has the older one of two sessions.
        services: of the application.
        links: the token of an unused link of each purpose.
    """

    caller: Actor
    services: Services
    links: dict[Purpose, str]

    async def find(self) -> Any:
        return await self.services.of(AdministrationService).find(self.caller.username)


async def log_out(account: Account) -> ApiResponse:
    return await account.caller.log_out()


async def log_out_everywhere(account: Account) -> ApiResponse:
    return await account.caller.call("POST", "/api/auth/logout-all")


async def log_in_once_more(account: Account) -> ApiResponse:
    return await Actor(account.caller.client).log_in()


async def reuse_refresh_token(account: Account) -> None:
    spent = account.caller.refresh_token
    await account.caller.refresh()
    await account.caller.refresh()
    assert (await account.caller.try_refresh(spent)).outcome == (401, "REFRESH_TOKEN_REUSED")


async def change_own_password(account: Account) -> ApiResponse:
    return await change_password(account.caller, NEW_PASSWORD)


async def reset_password(account: Account) -> ApiResponse:
    return await reset(account.caller, account.links[Purpose.PASSWORD_RESET])


async def set_password(account: Account) -> None:
    await account.services.of(AccountRecoveryService).set_password(await account.find(), NEW_PASSWORD)


async def confirm_email_change(account: Account) -> ApiResponse:
    return await confirm(account.caller, account.links[Purpose.EMAIL_CHANGE], bearer=account.caller.access_token)


async def undo_email_change(account: Account) -> ApiResponse:
    return await undo(account.caller, account.links[Purpose.EMAIL_UNDO])


async def claim_unverified_account(account: Account) -> ApiResponse:
    return await verify(account.caller, account.links[Purpose.EMAIL_VERIFICATION])


async def report_stranger(account: Account) -> ApiResponse:
    return await report(account.caller, account.links[Purpose.SESSION_REPORT])


async def end_sessions(account: Account) -> None:
    await account.services.of(AccountRecoveryService).end_sessions(await account.find())


async def disable(account: Account) -> None:
    await account.services.of(AdministrationService).disable(account.caller.username)


async def delete(account: Account) -> ApiResponse:
    return await account.caller.call("POST", "/api/user/delete", json={"current_password": account.caller.password})


CAUSES: Final[dict[AccessEvent, Callable[[Account], Awaitable[ApiResponse | None]]]] = {
    AccessEvent.LOGGED_OUT: log_out,
    AccessEvent.LOGGED_OUT_EVERYWHERE: log_out_everywhere,
    AccessEvent.TOO_MANY_SESSIONS: log_in_once_more,
    AccessEvent.REFRESH_TOKEN_REUSED: reuse_refresh_token,
    AccessEvent.PASSWORD_CHANGED: change_own_password,
    AccessEvent.PASSWORD_RESET: reset_password,
    AccessEvent.PASSWORD_SET: set_password,
    AccessEvent.EMAIL_CHANGED: confirm_email_change,
    AccessEvent.EMAIL_CHANGE_UNDONE: undo_email_change,
    AccessEvent.EMAIL_VERIFIED: claim_unverified_account,
    AccessEvent.REPORTED: report_stranger,
    AccessEvent.ENDED_BY_OPERATOR: end_sessions,
    AccessEvent.ACCOUNT_DISABLED: disable,
    AccessEvent.ACCOUNT_DELETED: delete,
}


async def live_sessions() -> set[UUID]:
    """Return the sessions that have not ended, and check that only they have usable refresh tokens."""
    live: list[UUID] = await SessionRow.select(SessionRow.id).where(SessionRow.ended_at.is_null()).output(as_list=True)
    usable = RefreshTokenRow.used_at.is_null() & RefreshTokenRow.is_revoked.eq(False)
    tokens = await RefreshTokenRow.select(RefreshTokenRow.session_id).where(usable).output(as_list=True)
    assert set(tokens) == set(live)
    return set(live)


async def working_links() -> set[int]:
    return set(
        await OneTimeTokenRow.select(OneTimeTokenRow.id).where(OneTimeTokenRow.used_at.is_null()).output(as_list=True)
    )


async def password_hash() -> str | None:
    row = await UserRow.select(UserRow.hashed_password).first()
    return row["hashed_password"] if row is not None else None


async def add_one_of_each(services: Services, caller: Actor, user_id: int) -> dict[Purpose, str]:
    """Add a waiting mail, a failed login and a link of each purpose. Return the tokens of the links."""
    emails = {Purpose.EMAIL_CHANGE: "new@example.com", Purpose.EMAIL_UNDO: "previous@example.com"}

    async def store_mail() -> None:
        await services.core.outbox.to_email(
            EMAIL_CHANGE, "other@example.com", RequestContext(), user_id=user_id, new_email="other@example.com"
        )

    await services.core.database.transaction(store_mail)
    await add_counter(f"attempts:id:{user_id}", expires_at=ago(hours=-1))
    return {
        purpose: await OneTimeTokens().issue(purpose, user_id, email=emails.get(purpose, caller.email))
        for purpose in LINKS
    }


@pytest.mark.parametrize("event", AccessEvent)
async def test_event_ends_what_the_table_lists(app_with: OtherAppFactory, event: AccessEvent) -> None:
    async with app_with(mailer=Mailbox(), SESSIONS_PER_ACCOUNT="2") as other:
        caller, second = Actor(other.client), Actor(other.client)
        await caller.register()
        (own_session,) = await live_sessions()
        await second.log_in()
        (other_session,) = await live_sessions() - {own_session}
        (user_id,) = await UserRow.select(UserRow.id).output(as_list=True)
        links = await add_one_of_each(other.services, caller, user_id)
        token_ids = await working_links()
        old_hash = await password_hash()

        response = await CAUSES[event](Account(caller, other.services, links))

        assert response is None or response.response.is_success
        ended = {own_session, other_session} - await live_sessions()
        purposes = OneTimeTokenRow.select(OneTimeTokenRow.purpose).where(
            OneTimeTokenRow.id.is_in(list(token_ids)), OneTimeTokenRow.used_at.is_null()
        )
        kept_links = {Purpose(purpose) for purpose in await purposes.output(as_list=True)}
        mails = await OutboxRow.count().where(OutboxRow.template == EMAIL_CHANGE.name)
        failed_logins = await ThrottleCounterRow.count().where(ThrottleCounterRow.key == f"attempts:id:{user_id}")
        new_hash = await password_hash()

    expected_sessions = {
        EndedSessions.ONE: {own_session},
        EndedSessions.OTHERS: {other_session},
        EndedSessions.ALL: {own_session, other_session},
    }
    ends = event.ends
    assert ended == expected_sessions[ends.sessions]
    assert kept_links == (set(ends.kept_links) if ends.links else LINKS)
    assert (mails, failed_logins) == ((0, 0) if ends.links else (1, 1))
    assert (new_hash is None) == (event is AccessEvent.ACCOUNT_DELETED)
    if new_hash is not None:
        assert (new_hash == old_hash) == (ends.password is PasswordChange.KEPT)
        assert (new_hash == UNUSABLE_HASH) == (ends.password is PasswordChange.REMOVED)
