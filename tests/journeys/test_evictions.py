"""Who is thrown out is out, also who was just coming in."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.service import OpenedSession
from auth_api.sessions.tables import SessionRow
from auth_api.users.identifiers import parse_identifier
from auth_api.users.service import UserService
from tests.support.actors import Actor, ApiResponse
from tests.support.mail_flows import change_password, confirm, forgot, report, reset, verify
from tests.support.mailbox import Mailbox, token_of

Use = Callable[[Actor, str], Coroutine[Any, Any, ApiResponse]]


async def token_for(use: Use, ada: Actor, mailbox: Mailbox) -> str:
    """Return a token for Ada's account."""
    if use is report:
        await mailbox.collect()
        await change_password(ada, "Fourth-Horse-2-Battery")
    if use is reset:
        await mailbox.collect()
        await forgot(ada, ada.email)
    return await mailbox.token()


@pytest.mark.parametrize("use", [verify, reset, report])
async def test_a_login_that_commits_in_the_middle_leaves_no_session(
    ada: Actor, mailbox: Mailbox, services: Services, use: Use
) -> None:
    """It has seen the old password, and its session is not there yet when the others are looked for."""
    await ada.register()
    token = await token_for(use, ada, mailbox)
    found = await UserService().find_credentials(parse_identifier(email=None, username="ada"))
    assert found is not None
    written, commit = asyncio.Event(), asyncio.Event()

    async def log_in() -> None:
        user = await UserService().record_login(found, new_hash=None)
        assert user is not None
        assert user.last_login is not None
        opened.append(await services.sessions.open(user.id, at=user.last_login, request_context=RequestContext()))
        written.set()
        await commit.wait()

    opened: list[OpenedSession] = []
    login = asyncio.create_task(services.database.transaction(log_in))
    await written.wait()
    access_revocation = asyncio.create_task(use(ada, token))
    await asyncio.sleep(0.1)  # until it waits for the login; if it does not yet, it finds the session anyway
    commit.set()
    await login

    assert (await access_revocation).status == 200
    assert (await ada.profile(opened[0].tokens.access_token)).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh(opened[0].tokens.refresh_token)).outcome == (401, "TOKEN_REVOKED")
    assert await SessionRow.count().where(SessionRow.ended_at.is_null()) == 0


async def test_a_refresh_beside_it_hands_out_nothing_that_works(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    token = await mailbox.token()

    *responses, verified = await asyncio.gather(*(ada.try_refresh() for _ in range(5)), verify(ada, token))

    assert verified.status == 200
    assert {response.outcome for response in responses} <= {(200, ""), (401, "TOKEN_REVOKED")}
    for response in responses:
        if response.status == 200:
            assert (await ada.profile(response["access_token"])).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.try_refresh(response["refresh_token"])).outcome == (401, "TOKEN_REVOKED")


async def test_a_mail_that_is_just_being_written_brings_no_token_either(ada: Actor, mailbox: Mailbox) -> None:
    """Its token is made before the account is given back, and is spent with the others."""
    await ada.register()
    proof = await mailbox.token()
    body = {"new_email": "thief@example.net", "current_password": ada.password}
    await ada.call("POST", "/api/user/email", json=body)

    verified, mails = await asyncio.gather(verify(ada, proof), mailbox.collect())

    assert verified.status == 200
    for message in mails:
        assert (await confirm(ada, token_of(message))).outcome == (400, "ONE_TIME_TOKEN_INVALID")
