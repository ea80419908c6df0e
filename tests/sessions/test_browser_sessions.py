"""Sessions of browsers are found by the value of a cookie, and are extended at most every 5 minutes."""

from datetime import timedelta
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.crypto.tokens import MFA_TOKEN, REFRESH_TOKEN, digest, new_token
from auth_api.kit.db.database import SERVICE
from auth_api.kit.errors import CircuitBreakerOpenException
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions import browser_repository
from auth_api.sessions.assurance import Level, assurance_level
from auth_api.sessions.tables import BrowserSessionRow, RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.breakers import begin_outage
from tests.support.browser_sessions import find, log_in_in_browser
from tests.support.rows import age_sessions, audit_actions
from tests.support.statements import recorded

IDLE_DAYS = 7
"""The default of `REFRESH_TOKEN_EXPIRE_DAYS`."""


async def newest_session() -> dict[str, Any]:
    row = await SessionRow.select().order_by(SessionRow.id, ascending=False).first()
    assert row is not None
    return row


async def test_browser_gets_a_cookie_instead_of_tokens(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    cookie = await log_in_in_browser(services, keep=True)

    session = await newest_session()
    assert cookie.startswith("bs_")
    assert await BrowserSessionRow.select() == [
        {"session_id": session["id"], "token_hash": digest(cookie), "keep": True}
    ]
    assert await RefreshTokenRow.count().where(RefreshTokenRow.session_id == session["id"]) == 0
    listed = await ada.call("GET", "/api/user/sessions")
    assert str(session["id"]) in {item["id"] for item in listed["items"]}
    assert (await ada.profile(cookie)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.try_refresh(cookie)).outcome == (401, "TOKEN_INVALID")


async def test_cookie_is_found_by_one_statement(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    cookies = {keep: await log_in_in_browser(services, keep=keep) for keep in (False, True)}
    await SessionRow.update({SessionRow.amr: "pwd otp", SessionRow.mfa_at: SessionRow.auth_time}, force=True)

    for keep, cookie in cookies.items():
        with recorded(services.core.database.engine) as statements:
            found = await find(services, cookie)

        assert len(statements) == 1
        assert found is not None
        assert found.keep is keep
        principal = found.principal
        assert principal.user == await services.core.users.find("ada")
        assert assurance_level(principal.amr, principal.mfa_at, principal.auth_time, max_age=None) is Level.AAL2


async def test_secret_of_another_kind_is_refused_without_a_query(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    with recorded(services.core.database.engine) as statements:
        others = [ada.refresh_token, ada.access_token, new_token(MFA_TOKEN).raw, new_token(REFRESH_TOKEN).raw, ""]
        assert [await find(services, other) for other in others] == [None] * 5

    assert statements == []
    assert await find(services, "bs_unknown") is None


@pytest.mark.parametrize(("keep", "idle"), [(False, timedelta(hours=12)), (True, timedelta(days=IDLE_DAYS))])
async def test_session_ends_after_its_idle_time(
    user_factory: UserFactory, services: Services, keep: bool, idle: timedelta
) -> None:
    await user_factory()
    cookie = await log_in_in_browser(services, keep=keep)

    await age_sessions(seconds=(idle - timedelta(minutes=10)).total_seconds())
    assert await find(services, cookie) is not None  # extends it
    await age_sessions(seconds=(idle - timedelta(minutes=10)).total_seconds())
    assert await find(services, cookie) is not None
    await age_sessions(seconds=idle.total_seconds())

    assert await find(services, cookie) is None


async def test_session_is_extended_at_most_every_five_minutes(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    cookie = await log_in_in_browser(services)
    await age_sessions(minutes=6)
    before = await newest_session()

    for expected in (2, 1, 1):
        with recorded(services.core.database.engine) as statements:
            assert await find(services, cookie) is not None
        assert len(statements) == expected

    after = await newest_session()
    assert after["last_used_at"] - before["last_used_at"] >= timedelta(minutes=6)
    assert timedelta(hours=12) <= after["expires_at"] - after["last_used_at"] < timedelta(hours=12, minutes=1)


async def test_concurrent_requests_extend_the_session_once(user_factory: UserFactory, services: Services) -> None:
    """All of them have found that it is due; the statement checks it again."""
    await user_factory()
    await log_in_in_browser(services)
    await age_sessions(minutes=6)
    session_id = (await newest_session())["id"]

    extended = []
    for _ in range(2):
        await browser_repository.extend(session_id, idle_seconds=60)
        extended.append((await newest_session())["last_used_at"])

    assert extended[0] == extended[1]


async def test_session_is_not_extended_beyond_its_absolute_end(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    cookie = await log_in_in_browser(services, keep=True)
    ends_at = (await newest_session())["expires_at"] + timedelta(minutes=1)
    await SessionRow.update({SessionRow.absolute_expires_at: ends_at}, force=True)
    await age_sessions(minutes=6)

    assert await find(services, cookie) is not None

    session = await newest_session()
    assert session["expires_at"] == session["absolute_expires_at"] == ends_at - timedelta(minutes=6)


async def test_new_session_has_the_lifetimes_of_the_settings(
    app_with: OtherAppFactory, user_factory: UserFactory
) -> None:
    await user_factory()
    async with app_with(REFRESH_TOKEN_EXPIRE_DAYS="1", SESSION_ABSOLUTE_DAYS="2") as other:
        for keep, hours in ((False, 12), (True, 24)):
            await log_in_in_browser(other.services, keep=keep)
            session = await newest_session()
            assert session["expires_at"] - session["created_at"] == timedelta(hours=hours)
            assert session["absolute_expires_at"] - session["created_at"] == timedelta(days=2)


async def test_session_of_a_disabled_or_deleted_user_is_not_found(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    cookie = await log_in_in_browser(services)

    await UserRow.update({UserRow.is_active: False}, force=True)
    assert await find(services, cookie) is None
    await UserRow.update({UserRow.is_active: True}, force=True)
    assert await find(services, cookie) is not None
    await operators.delete(services, await operators.id_of(services, "ada"))

    assert await find(services, cookie) is None
    assert await BrowserSessionRow.count() == 0


async def test_outage_is_an_error_and_no_signed_out_user(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    cookie = await log_in_in_browser(services)
    await begin_outage()

    with pytest.raises(CircuitBreakerOpenException):
        await find(services, cookie)

    breakers.get(SERVICE).close()
    assert await find(services, cookie) is not None


async def test_log_out_ends_the_session_once(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    cookie, other = await log_in_in_browser(services), await log_in_in_browser(services)

    for value in (cookie, cookie, "bs_unknown", ""):
        await services.core.browser_sessions.log_out(value, RequestContext(via="page"))

    assert await find(services, cookie) is None
    assert await find(services, other) is not None
    assert (await audit_actions()).count("session:logged_out") == 1
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "session:logged_out")
    assert (row["actor"], row["details"]) == ("owner", '{"via":"page"}')
    reasons = await SessionRow.select(SessionRow.ended_reason).where(SessionRow.ended_at.is_not_null())
    assert reasons == [{"ended_reason": "logged_out"}]
