"""Each event that ends access to an account ends what `AccessEvent.ends` lists, and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import pytest
from piccolo.table import Table

from auth_api.credentials.api_keys.api_key import KeyOwner, NewKey
from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.features import FEATURES
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.email_change.mails import EMAIL_CHANGE
from auth_api.flows.invitations import repository as invitations
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.requests.request import Decider, RequestParameters
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent, EndedSessions, FactorRemoval, PasswordChange
from auth_api.sessions.tables import BrowserSessionRow, RefreshTokenRow, SessionRow
from auth_api.sign_in.guesses import MAX_FAILURES
from auth_api.sign_in.pending_login import PendingPurpose
from auth_api.sign_in.proof import Proof
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.sign_in_flows.tables import SignInFlowRow
from auth_api.throttling.tables import ThrottleCounterRow
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.aged_rows import add_counter, ago
from tests.support.authenticator_app import AuthenticatorApp, begin_totp, confirm_totp
from tests.support.browser_sessions import log_in_in_browser
from tests.support.consents import allow, client_of
from tests.support.factors import add_recovery_codes, add_totp, wrong_code
from tests.support.identities import add_identity
from tests.support.mail_flows import NEW_PASSWORD, change_password, confirm, report, reset, undo, verify
from tests.support.mailbox import Mailbox
from tests.support.oauth_rows import add_grant_row
from tests.support.passkeys import stored_passkey

LINKS: Final = set(Purpose) - {Purpose.REGISTRATION}
"""Purposes of the links of a user. A registration that waits for its link has no user."""

REVOKED_TABLES: Final = {
    table for manifest in FEATURES if manifest.revocation is not None for table in manifest.revocation.tables
}

UsableRows = dict[type[Table], set[tuple[Any, ...]]]
"""The rows that work, by table, each as the values that identify it. An account is identified by its password hash."""


@dataclass
class Account:
    """An account with one of each thing that an event can end.

    Attributes:
        caller: has the oldest one of three sessions.
        services: of the application.
        links: the token of an unused link of each purpose.
        cookie: of the browser that has the newest session.
    """

    caller: Actor
    services: Services
    links: dict[Purpose, str]
    cookie: str

    async def find(self) -> Any:
        return await self.services.core.users.find(self.caller.username)


async def log_out(account: Account) -> ApiResponse:
    return await account.caller.log_out()


async def log_out_everywhere(account: Account) -> ApiResponse:
    return await account.caller.call("POST", "/api/auth/logout-all")


async def log_in_once_more(account: Account) -> ApiResponse:
    return await Actor(account.caller.client).log_in()


async def log_in_again_in_the_browser(account: Account) -> None:
    await UserRow.update({UserRow.two_step_since: None}, force=True)
    await log_in_in_browser(account.services, replaces=account.cookie)


async def reuse_refresh_token(account: Account) -> None:
    spent = account.caller.refresh_token
    await account.caller.refresh()
    await account.caller.refresh()
    assert (await account.caller.try_refresh(spent)).outcome == (401, "REFRESH_TOKEN_REUSED")


async def guess_second_factor(account: Account) -> None:
    """Send the last wrong code that is allowed in a row."""
    seed = await add_totp(account.services, account.caller.username)
    await UserRow.update({UserRow.second_factor_failures: MAX_FAILURES - 1}, force=True)
    code = wrong_code(account.services, seed)
    response = await account.caller.call("POST", "/api/auth/step-up", json={"method": "totp", "code": code})
    assert response.outcome == (400, "FACTOR_INVALID")


async def change_own_password(account: Account) -> ApiResponse:
    return await change_password(account.caller, NEW_PASSWORD)


async def reset_password(account: Account) -> ApiResponse:
    """Reset the password of an account whose e-mail address is verified: otherwise it is claimed as well."""
    await UserRow.update({UserRow.email_verified_at: UserRow.created_at}, force=True)
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
    await operators.end_sessions(account.services, (await account.find()).id)


async def disable(account: Account) -> None:
    await operators.disable(account.services, account.caller.username)


async def delete(account: Account) -> ApiResponse:
    return await account.caller.call("POST", "/api/user/delete", json={"current_password": account.caller.password})


async def switch_two_step_on(account: Account) -> ApiResponse:
    await UserRow.update({UserRow.two_step_since: None}, force=True)
    return await account.caller.call("POST", "/api/user/two-step", json={"enabled": True})


async def replace_app(account: Account) -> ApiResponse:
    await UserRow.update(
        {UserRow.two_step_since: UserRow.created_at, UserRow.email_verified_at: UserRow.created_at}, force=True
    )
    begun = await begin_totp(account.caller)
    return await confirm_totp(account.caller, AuthenticatorApp(begun["secret"]).code())


async def reset_factors(account: Account) -> None:
    await operators.reset_factors(account.services, (await account.find()).id)


async def unlink_identity(account: Account) -> ApiResponse:
    """Unlink the identity that has opened the session of the browser and the caller's own."""
    identity = (await UserIdentityRow.select(UserIdentityRow.id))[0]["id"]
    browser = BrowserSessionRow.select(BrowserSessionRow.session_id)
    ids = [row["session_id"] for row in await browser]
    await SessionRow.update({SessionRow.identity_id: identity}).where(SessionRow.id.is_in(ids))
    return await account.caller.call("DELETE", f"/api/user/identities/{identity}")


CAUSES: Final[dict[AccessEvent, Callable[[Account], Awaitable[ApiResponse | None]]]] = {
    AccessEvent.LOGGED_OUT: log_out,
    AccessEvent.LOGGED_OUT_EVERYWHERE: log_out_everywhere,
    AccessEvent.TOO_MANY_SESSIONS: log_in_once_more,
    AccessEvent.REPLACED: log_in_again_in_the_browser,
    AccessEvent.REFRESH_TOKEN_REUSED: reuse_refresh_token,
    AccessEvent.SECOND_FACTOR_GUESSED: guess_second_factor,
    AccessEvent.PASSWORD_CHANGED: change_own_password,
    AccessEvent.PASSWORD_RESET: reset_password,
    AccessEvent.PASSWORD_SET: set_password,
    AccessEvent.TWO_STEP_ENABLED: switch_two_step_on,
    AccessEvent.FACTORS_CHANGED: replace_app,
    AccessEvent.FACTORS_RESET: reset_factors,
    AccessEvent.IDENTITY_UNLINKED: unlink_identity,
    AccessEvent.EMAIL_CHANGED: confirm_email_change,
    AccessEvent.EMAIL_CHANGE_UNDONE: undo_email_change,
    AccessEvent.EMAIL_VERIFIED: claim_unverified_account,
    AccessEvent.REPORTED: report_stranger,
    AccessEvent.ENDED_BY_OPERATOR: end_sessions,
    AccessEvent.ACCOUNT_DISABLED: disable,
    AccessEvent.ACCOUNT_DELETED: delete,
}


async def usable_rows() -> UsableRows:
    """Return the rows of the only account that work. A refresh token is identified by its session."""
    queries: dict[type[Table], Any] = {
        UserRow: UserRow.select(UserRow.hashed_password),
        SessionRow: SessionRow.select(SessionRow.id).where(SessionRow.ended_at.is_null()),
        RefreshTokenRow: RefreshTokenRow.select(RefreshTokenRow.session_id).where(
            RefreshTokenRow.used_at.is_null() & RefreshTokenRow.is_revoked.eq(False)
        ),
        BrowserSessionRow: BrowserSessionRow.select(BrowserSessionRow.session_id).where(
            BrowserSessionRow.session_id.ended_at.is_null()
        ),
        OneTimeTokenRow: OneTimeTokenRow.select(OneTimeTokenRow.id, OneTimeTokenRow.purpose).where(
            OneTimeTokenRow.used_at.is_null()
        ),
        OutboxRow: OutboxRow.select(OutboxRow.id).where(OutboxRow.template == EMAIL_CHANGE.name),
        ThrottleCounterRow: ThrottleCounterRow.select(ThrottleCounterRow.key).where(ThrottleCounterRow.attempts > 0),
        PendingLoginRow: PendingLoginRow.select(PendingLoginRow.id).where(PendingLoginRow.ended_at.is_null()),
        SignInFlowRow: SignInFlowRow.select(SignInFlowRow.id),
        TotpFactorRow: TotpFactorRow.select(TotpFactorRow.id),
        TotpCandidateRow: TotpCandidateRow.select(TotpCandidateRow.id),
        PasskeyRow: PasskeyRow.select(PasskeyRow.id),
        ApiKeyRow: ApiKeyRow.select(ApiKeyRow.id).where(ApiKeyRow.revoked_at.is_null()),
        OAuthConsentRow: OAuthConsentRow.select(OAuthConsentRow.id),
        OAuthGrantRow: OAuthGrantRow.select(OAuthGrantRow.id).where(OAuthGrantRow.ended_at.is_null()),
        OAuthRequestRow: OAuthRequestRow.select(OAuthRequestRow.id),
        RecoveryCodeRow: RecoveryCodeRow.select(RecoveryCodeRow.code_hash),
        InvitationRow: InvitationRow.select(InvitationRow.id),
        UserIdentityRow: UserIdentityRow.select(UserIdentityRow.id),
    }
    return {table: {tuple(row.values()) for row in await query} for table, query in queries.items()}


def expected_end(event: AccessEvent, usable: UsableRows, *, own_session: tuple[Any, ...]) -> UsableRows:
    """Return what the table of the events says about rows that were usable before it."""
    ends, sessions, browser_sessions = event.ends, usable[SessionRow], usable[BrowserSessionRow]
    links = {(link, purpose) for link, purpose in usable[OneTimeTokenRow] if purpose not in ends.kept_links}
    failed_passwords = {row for row in usable[ThrottleCounterRow] if row[0].startswith("attempts:id:")}
    keeps_password = ends.password is PasswordChange.KEPT and event is not AccessEvent.ACCOUNT_DELETED
    keeps_factors = ends.factors is FactorRemoval.KEPT and event is not AccessEvent.ACCOUNT_DELETED
    keeps_identities = ends.identities is FactorRemoval.KEPT and event is not AccessEvent.ACCOUNT_DELETED
    ended_sessions = {
        EndedSessions.NONE: set[tuple[Any, ...]](),
        EndedSessions.ONE: browser_sessions if event is AccessEvent.REPLACED else {own_session},
        EndedSessions.OTHERS: sessions - {own_session},
        EndedSessions.OPENED: browser_sessions,
        EndedSessions.ALL: sessions,
    }[ends.sessions]
    return {
        UserRow: set() if keeps_password else usable[UserRow],
        SessionRow: ended_sessions,
        RefreshTokenRow: ended_sessions - browser_sessions,
        BrowserSessionRow: ended_sessions & browser_sessions,
        OneTimeTokenRow: links if ends.links else set(),
        OutboxRow: usable[OutboxRow] if ends.links else set(),
        ThrottleCounterRow: (failed_passwords if ends.links else set())
        | (usable[ThrottleCounterRow] - failed_passwords if ends.factors is FactorRemoval.ALL else set()),
        PendingLoginRow: usable[PendingLoginRow] if ends.pending_logins else set(),
        SignInFlowRow: usable[SignInFlowRow] if ends.pending_logins else set(),
        TotpFactorRow: set() if keeps_factors else usable[TotpFactorRow],
        TotpCandidateRow: usable[TotpCandidateRow]
        if not keeps_factors or event is AccessEvent.FACTORS_CHANGED  # the code of the new app uses it up
        else set(),
        PasskeyRow: set() if keeps_factors else usable[PasskeyRow],
        ApiKeyRow: usable[ApiKeyRow] if ends.delegated else set(),
        OAuthConsentRow: usable[OAuthConsentRow] if ends.delegated else set(),
        OAuthGrantRow: usable[OAuthGrantRow] if ends.delegated else set(),
        OAuthRequestRow: usable[OAuthRequestRow] if ends.delegated else set(),
        RecoveryCodeRow: set() if keeps_factors else usable[RecoveryCodeRow],
        InvitationRow: usable[InvitationRow] if event is AccessEvent.ACCOUNT_DELETED else set(),
        UserIdentityRow: usable[UserIdentityRow]
        if not keeps_identities or event is AccessEvent.IDENTITY_UNLINKED
        else set(),
    }


async def add_one_of_each(services: Services, caller: Actor, user_id: int) -> dict[Purpose, str]:
    """Add one of each thing that an event can end, and return the tokens of the links, by purpose.

    The sessions are at the level of the factors.
    """
    emails = {Purpose.EMAIL_CHANGE: "new@example.com", Purpose.EMAIL_UNDO: "previous@example.com"}

    async def store_mail() -> None:
        await services.core.outbox.to_email(
            EMAIL_CHANGE, "other@example.com", RequestContext(), user_id=user_id, new_email="other@example.com"
        )

    await services.core.database.transaction(store_mail)
    user = await services.core.users.find(caller.username)
    email = CanonicalEmail(user.email)
    await invitations.insert(email, roles=(), locale=None, invited_by="cli", lifetime=3600.0)
    proof = Proof(user=user, methods=("pwd",), has_administrative_role=False, auth_time=user.created_at)
    await services.core.sign_in.pending_logins.begin(proof, PendingPurpose.SECOND_FACTOR, RequestContext())
    await services.core.sign_in_flows.hand_off(
        user_id=user_id, session_id=uuid4(), return_to="https://app.example.com/", challenge="A" * 43
    )
    await add_totp(services, caller.username)
    await stored_passkey(services, caller)
    await add_recovery_codes(services, caller.username)
    await add_identity(services, user_id)
    application = await client_of(services)
    await allow(services, caller, application, "openid")
    await add_grant_row(application.id, user_id)
    (session_id, *_) = await SessionRow.select(SessionRow.id).order_by(SessionRow.id).output(as_list=True)
    decider = Decider(user_id=user_id, session_id=session_id)
    await services.of(OAuthRequests).open_with_code(application.id, RequestParameters(), decider)
    await services.core.second_factors.totp.begin(user_id, binding="test")
    await services.core.api_keys.create(
        KeyOwner(user_id=user_id), NewKey(name="test", scopes=("profile:read",), lifetime=None), RequestContext()
    )
    await SessionRow.update({SessionRow.amr: "pwd otp", SessionRow.mfa_at: ago(seconds=1)}, force=True)
    await caller.refresh()  # for a token that states the second factor
    await add_counter(f"attempts:id:{user_id}", expires_at=ago(hours=-1))
    await add_counter(f"attempts:second:{user_id}", expires_at=ago(hours=-1))
    return {
        purpose: await OneTimeTokens().issue(purpose, user_id, email=emails.get(purpose, caller.email))
        for purpose in LINKS
    }


@pytest.mark.parametrize("event", AccessEvent)
async def test_event_ends_what_the_table_lists(app_with: OtherAppFactory, event: AccessEvent) -> None:
    """A package that revokes another table adds its rows to `usable_rows` and their end to `expected_end`."""
    async with app_with(mailer=Mailbox(), SESSIONS_PER_ACCOUNT="3") as other:
        caller, second = Actor(other.client), Actor(other.client)
        await caller.register()
        (own_session,) = (await usable_rows())[SessionRow]
        await second.log_in()
        cookie = await log_in_in_browser(other.services)
        (user_id,) = await UserRow.select(UserRow.id).output(as_list=True)
        links = await add_one_of_each(other.services, caller, user_id)
        before = await usable_rows()
        assert {table for table, rows in before.items() if rows} == REVOKED_TABLES

        response = await CAUSES[event](Account(caller, other.services, links, cookie))

        assert response is None or response.response.is_success
        after = await usable_rows()
        ended_sessions = SessionRow.select(SessionRow.ended_reason).where(SessionRow.ended_at.is_not_null())
        reasons = set(await ended_sessions.output(as_list=True))

    ended = {table: rows - after[table] for table, rows in before.items()}
    assert ended == expected_end(event, before, own_session=own_session)
    ends_none = event is AccessEvent.ACCOUNT_DELETED or event.ends.sessions is EndedSessions.NONE
    assert reasons == (set() if ends_none else {event.value})
    assert (after[UserRow] == {(UNUSABLE_HASH,)}) == event.ends.removes_password
