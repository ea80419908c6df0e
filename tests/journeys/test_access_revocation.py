"""Revocation of all access also affects logins, refreshes and mails that are in progress."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.opened import OpenedSession
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.proof import AMR_PASSWORD, Proof
from auth_api.users.identifiers import parse_identifier
from auth_api.users.service import UserService
from tests.support.actors import Actor, ApiResponse
from tests.support.mail_flows import (
    change_email,
    change_password,
    confirm,
    forgot,
    mark_all_verified,
    report,
    reset,
    verify,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.statements import recorded, until_blocked

Use = Callable[[Actor, str], Coroutine[Any, Any, ApiResponse]]


async def token_for(use: Use, ada: Actor, mailbox: Mailbox) -> str:
    """Return a mailed token with which `use` revokes all access to the account."""
    if use is report:
        await mark_all_verified()
        await mailbox.collect()
        await change_password(ada, "Fourth-Horse-2-Battery")
    if use is reset:
        await mailbox.collect()
        await forgot(ada, ada.email)
    return await mailbox.token()


async def test_revocation_changes_tables_in_the_order_of_locks(ada: Actor, services: Services) -> None:
    await ada.register()
    user = await services.core.users.find(ada.username)
    revocation = services.core.access_revocation

    with recorded(services.core.database.engine) as statements:
        await services.core.database.transaction(lambda: revocation.revoke(AccessEvent.REPORTED, user.id))

    changed = (re.search(r'(?:UPDATE|DELETE FROM) "?(\w+)', statement) for statement in statements)
    assert list(dict.fromkeys(found[1] for found in changed if found)) == [
        "users",
        "pending_logins",
        "sign_in_flows",
        "totp_candidates",
        "oauth_consents",
        "oauth_requests",
        "api_keys",
        "sessions",
        "refresh_tokens",
        "oauth_grants",
        "outbox",
        "one_time_tokens",
        "throttle_counters",
    ]


@pytest.mark.parametrize("use", [verify, reset, report])
async def test_revocation_ends_the_session_of_a_login_that_commits_during_it(
    ada: Actor, mailbox: Mailbox, services: Services, use: Use
) -> None:
    """The login has verified the old password, and its session is not visible yet when the revocation begins."""
    await ada.register()
    token = await token_for(use, ada, mailbox)
    credentials = await UserService().find_credentials(parse_identifier(email=None, username="ada"))
    assert credentials is not None
    written, commit = asyncio.Event(), asyncio.Event()

    async def log_in() -> None:
        recorded_login = await UserService().record_password_login(credentials, new_hash=None)
        assert recorded_login is not None
        proof = Proof(
            user=recorded_login.user,
            methods=(AMR_PASSWORD,),
            has_administrative_role=False,
            auth_time=recorded_login.at,
        )
        opened.append((await services.core.sign_in.complete(proof, RequestContext())).session)
        written.set()
        await commit.wait()

    opened: list[OpenedSession] = []
    login = asyncio.create_task(services.core.database.transaction(log_in))
    await written.wait()
    revocation = asyncio.create_task(use(ada, token))
    await until_blocked(services.core.database.engine)
    commit.set()
    await login

    assert (await revocation).status == 200
    tokens = services.core.sessions.token_pair(opened[0])
    assert (await ada.profile(tokens.access_token)).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh(tokens.refresh_token)).outcome == (401, "TOKEN_REVOKED")
    assert await SessionRow.count().where(SessionRow.ended_at.is_null()) == 0


async def test_tokens_of_a_refresh_concurrent_with_a_revocation_are_revoked(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    token = await mailbox.token()

    *responses, verified = await asyncio.gather(*(ada.try_refresh() for _ in range(5)), verify(ada, token))

    assert verified.status == 200
    assert {response.outcome for response in responses} <= {(200, ""), (401, "TOKEN_REVOKED")}
    for response in responses:
        if response.status == 200:
            assert (await ada.profile(response["access_token"])).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.try_refresh(response["refresh_token"])).outcome == (401, "TOKEN_REVOKED")


async def test_token_of_a_mail_that_is_drafted_during_a_revocation_is_revoked(
    ada: Actor, mailbox: Mailbox, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token has been issued when the revocation begins, but is not committed yet."""
    await ada.register()
    proof = await mailbox.token()
    await change_email(ada, "other@example.net")
    issued, commit = asyncio.Event(), asyncio.Event()
    issue = OneTimeTokens.issue_derived

    async def issue_slowly(self: OneTimeTokens, *arguments: Any, **options: Any) -> str | None:
        token = await issue(self, *arguments, **options)
        issued.set()
        await commit.wait()
        return token

    monkeypatch.setattr(OneTimeTokens, "issue_derived", issue_slowly)
    mails = asyncio.create_task(mailbox.collect())
    await issued.wait()
    revocation = asyncio.create_task(verify(ada, proof))
    await until_blocked(services.core.database.engine)
    commit.set()

    (message,) = await mails
    assert (await revocation).status == 200
    assert (await confirm(ada, token_of(message))).outcome == (400, "ONE_TIME_TOKEN_INVALID")
