"""Grants: what makes them live, and what happens to their refresh tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.grants.grant import Grant, GrantEnd, NewGrant
from auth_api.oauth.grants.grant_tokens import GrantTokens
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.roles.tables import RoleRow, UserRoleRow
from auth_api.services import Services
from auth_api.sessions.tables import BrowserSessionRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.mailbox import Mailbox
from tests.support.oauth_grants import age_grants, ended_grants, new_grant
from tests.support.oauth_rows import add_client_row
from tests.support.rows import age_sessions, audit_actions

CONTEXT = RequestContext(client_ip="203.0.113.7")


async def make(services: Services, **fields: Any) -> tuple[NewGrant, str]:
    """Add an application and a grant of the newest session. Return the grant and its refresh token."""
    new = await new_grant(await add_client_row(), **fields)
    token = await services.of(GrantTokens).insert(new)
    assert token is not None
    return new, token


async def refresh(services: Services, token: str, *, is_rotated: bool = True) -> str | None:
    grant = await services.of(Grants).find_by_refresh_token(token)
    if grant is None:
        return None
    return await services.of(GrantTokens).refresh(token, grant, CONTEXT, is_rotated=is_rotated)


async def test_grant_shows_its_application_and_user(user_factory: UserFactory, services: Services) -> None:
    await user_factory(username="ada", is_verified=True)
    new, token = await make(services, scopes=("openid", "orders:read"), resources=("https://orders.example.com",))

    grant = await services.of(Grants).find_by_refresh_token(token)

    assert isinstance(grant, Grant)
    assert (grant.id, grant.client_id, grant.scopes) == (new.id, "app_00000000000000000000", ("openid", "orders:read"))
    assert (grant.resources, grant.is_offline) == (("https://orders.example.com",), True)
    assert (grant.person.username, grant.person.email, grant.person.roles) == ("ada", "ada@example.com", ())
    assert grant.person.email_verified_at is not None
    assert (grant.session_amr, grant.keeps_session) == (("pwd",), False)


async def test_grant_is_refused_while_something_it_depends_on_is_missing(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    new, token = await make(services)
    grants = services.of(Grants)
    roles = {row["name"]: row["id"] for row in await RoleRow.select()}

    def grant_role(name: str) -> Any:
        return UserRoleRow.raw(
            "INSERT INTO user_roles (user_id, role_id, granted_at) VALUES ({}, {}, clock_timestamp())",
            new.user_id,
            roles[name],
        )

    await grant_role("auditor")
    changes: list[tuple[Any, Any]] = [
        (UserRow.update({UserRow.is_active: False}, force=True), UserRow.update({UserRow.is_active: True}, force=True)),
        (
            OAuthClientRow.update({OAuthClientRow.is_active: False}, force=True),
            OAuthClientRow.update({OAuthClientRow.is_active: True}, force=True),
        ),
        (
            OAuthClientRow.update({OAuthClientRow.required_role: "administrator"}, force=True),
            grant_role("administrator"),
        ),
    ]
    for breaks, repairs in changes:
        await breaks
        assert (await grants.find(new.id), await refresh(services, token)) == (None, None)
        await repairs
        assert await grants.find(new.id) is not None
    assert await ended_grants() == {}


async def test_online_grant_ends_with_its_session_and_offline_grant_with_its_time(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    grants, client = services.of(Grants), await add_client_row()
    online, offline = await new_grant(client, is_offline=False), await new_grant(client)
    for new in (online, offline):
        await services.of(GrantTokens).insert(new)

    async def live() -> list[bool]:
        return [await grants.find(new.id) is not None for new in (online, offline)]

    await age_grants(days=29)
    assert await live() == [True, True]
    await age_grants(days=2)
    assert await live() == [True, False]
    await SessionRow.update({SessionRow.expires_at: SessionRow.created_at}, force=True)
    assert await live() == [False, False]
    await SessionRow.update({SessionRow.expires_at: SessionRow.absolute_expires_at}, force=True)
    assert await live() == [True, False]
    await SessionRow.update({SessionRow.ended_at: SessionRow.created_at}, force=True)
    assert await live() == [False, False]
    await SessionRow.delete(force=True)
    assert await live() == [False, False]


async def test_refresh_moves_the_end_of_an_offline_grant_to_at_most_its_longest_time(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    _, token = await make(services)

    for _ in range(7):
        await age_grants(days=25)
        assert await refresh(services, token, is_rotated=False) == token
    await age_grants(days=4)
    assert await refresh(services, token, is_rotated=False) == token
    await age_grants(days=2)
    assert await refresh(services, token, is_rotated=False) is None


async def test_refresh_token_is_rotated_and_a_lost_response_can_be_repeated(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    new, first = await make(services)

    second = await refresh(services, first)
    assert second is not None
    assert (second != first, second[:26]) == (True, first[:26])
    assert await refresh(services, first) == second
    third = await refresh(services, second)
    assert third not in {None, first, second}
    assert await ended_grants() == {}

    assert await refresh(services, first) is None
    assert await ended_grants() == {new.id: GrantEnd.TOKEN_REUSED}
    assert await refresh(services, third or "") is None


@pytest.mark.parametrize("case", ["late retry", "copied", "invented"])
async def test_reused_refresh_token_ends_only_its_grant_and_warns_the_user_unless_it_may_be_a_retry(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, case: str
) -> None:
    await user_factory(is_verified=True)
    new, first = await make(services)
    other = await new_grant(new.client_row_id)
    await services.of(GrantTokens).insert(other)
    second = await refresh(services, first)
    if case == "late retry":
        await age_grants(seconds=121)
    elif case == "copied":
        await refresh(services, second or "")

    assert await refresh(services, first[:26] + "A" * 43 if case == "invented" else first) is None

    assert await ended_grants() == {new.id: GrantEnd.TOKEN_REUSED}
    assert (await audit_actions())[-1] == "oauth:refresh_token_reused"
    mails = [mail.text for mail in await mailbox.collect()]
    assert [("Wiki, lost its access to your account" in mail) for mail in mails] == [True] * (case != "late retry")


async def test_parallel_refreshes_get_one_successor(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    _, first = await make(services)

    successors = set(await asyncio.gather(*(refresh(services, first) for _ in range(50))))

    assert len(successors) == 1
    assert None not in successors
    assert await ended_grants() == {}


async def test_use_of_an_online_grant_extends_its_session(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    session = await SessionRow.select(SessionRow.id).first()
    assert session is not None
    await BrowserSessionRow.insert(BrowserSessionRow(session_id=session["id"], token_hash="0" * 64, keep=True))
    _, token = await make(services, is_offline=False)
    await age_sessions(days=3)
    before = await SessionRow.select(SessionRow.expires_at).first()

    assert await refresh(services, token, is_rotated=False) == token

    after = await SessionRow.select(SessionRow.expires_at).first()
    assert before is not None
    assert after is not None
    assert after["expires_at"] - before["expires_at"] > timedelta(days=2)


async def test_grants_of_a_user_or_an_application_end(user_factory: UserFactory, services: Services) -> None:
    grants, ids = services.of(Grants), {}
    wiki, shop = await add_client_row("app_wiki"), await add_client_row("app_shop")
    for username in ("ada", "grace"):
        await user_factory(username=username)
        for client, is_offline in ((wiki, False), (wiki, True), (shop, True)):
            new = await new_grant(client, is_offline=is_offline)
            await services.of(GrantTokens).insert(new)
            ids[username, client, is_offline] = new

    ada = ids["ada", wiki, True].user_id
    ends: list[tuple[Callable[[], Awaitable[int]], int]] = [
        (lambda: grants.end_of_user(ada, only_online=True, reason="logged_out_everywhere"), 1),
        (lambda: grants.end_of_client(ada, wiki, reason=GrantEnd.CONSENT_WITHDRAWN), 1),
        (lambda: grants.end_of_user(ada, only_online=False, reason="password_reset"), 1),
        (lambda: grants.end_of_user(ada, only_online=False, reason="password_reset"), 0),
    ]
    for end, number in ends:
        assert await end() == number
    assert await ended_grants() == {
        ids["ada", wiki, False].id: "logged_out_everywhere",
        ids["ada", wiki, True].id: "consent_withdrawn",
        ids["ada", shop, True].id: "password_reset",
    }


async def test_grants_are_removed_a_day_after_their_end(user_factory: UserFactory, services: Services) -> None:
    """An online grant stays for as long as its session lives, however long it is not used."""
    await user_factory()
    grants, client = services.of(Grants), await add_client_row()
    ended, online = await new_grant(client), await new_grant(client, is_offline=False)
    for new in (ended, online, await new_grant(client)):
        await services.of(GrantTokens).insert(new)
    assert await grants.end(ended.id, CONTEXT, reason=GrantEnd.REVOKED_BY_CLIENT)
    assert not await grants.end(ended.id, CONTEXT, reason=GrantEnd.REVOKED_BY_CLIENT)
    assert (await audit_actions()).count("oauth:grant_ended") == 1

    async def removed() -> tuple[int, int]:
        housekeeping = services.of(HousekeepingService)
        backlog = (await housekeeping.backlog())["oauth_grants"]
        return backlog, (await housekeeping.clean_up()).removed["oauth_grants"]

    assert await removed() == (0, 0)
    await age_grants(days=1, seconds=1)
    assert await removed() == (1, 1)
    await SessionRow.update({SessionRow.ended_at: SessionRow.created_at}, force=True)
    assert await removed() == (1, 1)
    await age_grants(days=30)
    assert await removed() == (1, 1)
    assert await OAuthGrantRow.count() == 0
