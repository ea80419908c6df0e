"""A login in a browser that is signed in already ends the session of the browser in the same transaction."""

import asyncio
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.login.service import LoginService
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.errors import MfaRequiredException
from auth_api.users.errors import InvalidCredentialsException
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.browser_sessions import find, log_in_in_browser
from tests.support.exposition import Changes
from tests.support.factors import add_totp, switch_two_step_on
from tests.support.rows import age_sessions, audit_actions
from tests.support.statements import recorded, until_blocked


async def reasons() -> list[str | None]:
    """Return why each session has ended, oldest first."""
    ended = SessionRow.select(SessionRow.ended_reason).order_by(SessionRow.id)
    return [row["ended_reason"] for row in await ended]


async def test_session_of_another_user_is_replaced(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    grace = await user_factory()
    of_ada, of_grace = await log_in_in_browser(services), await log_in_in_browser(services, grace.username)

    cookie = await log_in_in_browser(services, grace.username, replaces=of_ada)

    assert [await find(services, each) is not None for each in (of_ada, of_grace, cookie)] == [False, True, True]
    (event,) = await AuditLogRow.select().where(AuditLogRow.action == "session:evicted")
    assert event["user_id"] == (await services.core.users.find("ada")).id
    assert (await grace.profile()).status == 200


async def test_unknown_or_ended_session_is_ignored(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    expired, logged_out = await log_in_in_browser(services), await log_in_in_browser(services)
    await services.core.browser_sessions.log_out(logged_out, RequestContext())
    await age_sessions(hours=13)

    for replaces in (expired, logged_out, "bs_unknown", ada.refresh_token, ""):
        cookie = await log_in_in_browser(services, replaces=replaces)
        assert await find(services, cookie) is not None

    assert "session:evicted" not in await audit_actions()
    assert (await ada.try_refresh()).status == 200


async def test_refused_login_replaces_nothing(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    before = await log_in_in_browser(services)
    await add_totp(services, "ada")
    await switch_two_step_on("ada")

    with pytest.raises(MfaRequiredException):
        await log_in_in_browser(services, replaces=before)
    with pytest.raises(InvalidCredentialsException):
        await log_in_in_browser(services, "unknown", replaces=before)

    assert await find(services, before) is not None


async def test_login_in_a_browser_costs_the_statements_of_one_without(
    user_factory: UserFactory, services: Services
) -> None:
    """The cookie is stored in place of a refresh token; a replaced session costs two statements, one for its event."""
    await user_factory()
    counts = []
    before = await log_in_in_browser(services)
    for carrier in (None, BrowserCarrier(keep=False, replaces=None), BrowserCarrier(keep=False, replaces=before)):
        with recorded(services.core.database.engine) as statements:
            await services.of(LoginService).with_password(
                email=None, username="ada", password=PASSWORD, request_context=RequestContext(), carrier=carrier
            )
        counts.append(len(statements))

    assert [count - counts[0] for count in counts] == [0, 0, 2]


async def test_session_of_a_browser_counts_for_the_limit(app_with: OtherAppFactory, user_factory: UserFactory) -> None:
    """The replaced session ends first, so that it does not push another one out."""
    await user_factory()
    async with app_with(SESSIONS_PER_ACCOUNT="2") as other:
        services, ada = other.services, Actor(other.client)
        first = await log_in_in_browser(services)
        second = await log_in_in_browser(services, replaces=first)
        assert await reasons() == [None, "replaced", None]

        third = await log_in_in_browser(services)
        assert await reasons() == ["too_many_sessions", "replaced", None, None]
        await ada.log_in()
        assert await reasons() == ["too_many_sessions", "replaced", "too_many_sessions", None, None]

        assert [await find(services, each) is not None for each in (first, second, third)] == [False, False, True]


async def test_concurrent_logins_leave_one_session_per_browser(user_factory: UserFactory, services: Services) -> None:
    """Each browser logs in to an account while others do, half of them to another one than before."""
    names = [(await user_factory()).username, (await user_factory()).username]
    changes = Changes()
    browsers = [await log_in_in_browser(services, names[number % 2]) for number in range(6)]

    cookies = await asyncio.gather(
        *(
            log_in_in_browser(services, names[number // 2 % 2], replaces=cookie)
            for number, cookie in enumerate(browsers)
        )
    )

    assert [await find(services, each) for each in browsers] == [None] * 6
    assert None not in [await find(services, each) for each in cookies]
    assert (await audit_actions()).count("session:evicted") == 6
    assert changes.of("database_transactions_retried_total") == 0


async def test_concurrent_logins_of_one_cookie_end_its_session_once(
    user_factory: UserFactory, services: Services
) -> None:
    """Only the first one finds it live. The server cannot tell that the other ones are of the same browser."""
    await user_factory()
    before = await log_in_in_browser(services)

    cookies = await asyncio.gather(*(log_in_in_browser(services, replaces=before) for _ in range(4)))

    assert await find(services, before) is None
    assert None not in [await find(services, each) for each in cookies]
    assert (await audit_actions()).count("session:evicted") == 1


async def test_request_during_the_end_of_its_session_does_not_revive_it(
    user_factory: UserFactory, services: Services
) -> None:
    """The request has found the session, and would extend it after the end is committed."""
    await user_factory()
    cookie = await log_in_in_browser(services)
    await age_sessions(minutes=6)
    ended, release = asyncio.Event(), asyncio.Event()

    async def end() -> None:
        await services.core.sessions.end_all((await services.core.users.find("ada")).id, reason=AccessEvent.REPORTED)
        ended.set()
        await release.wait()

    ending = asyncio.create_task(services.core.database.transaction(end))
    await ended.wait()
    finding = asyncio.create_task(find(services, cookie))
    await until_blocked(services.core.database.engine)
    release.set()
    await ending

    assert await finding is not None  # it began before the end was committed
    row: dict[str, Any] | None = await SessionRow.select().order_by(SessionRow.id, ascending=False).first()
    assert row is not None
    assert row["last_used_at"] < row["ended_at"]
    assert await find(services, cookie) is None
