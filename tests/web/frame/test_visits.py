"""The session of a browser on the pages: who is logged in, and what an outage changes."""

from collections.abc import AsyncIterator

import httpx
import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.services import Services
from auth_api.sessions.browser_sessions import BrowserSession, BrowserSessions
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.breakers import begin_outage
from tests.support.visitor import COOKIE, Page, Visitor


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory()


@pytest.fixture
async def visitor(client: httpx.AsyncClient, ada: Actor) -> Visitor:
    """Ada, logged in at a browser."""
    visitor = Visitor(client)
    assert (await visitor.log_in()).status == 303
    return visitor


@pytest.fixture
async def outage(visitor: Visitor) -> AsyncIterator[None]:
    """An outage of the database, which begins when Ada is logged in."""
    await begin_outage()
    yield
    breakers.get(SERVICE).close()


def with_cookies(visitor: Visitor, *values: str) -> Visitor:
    """Return the person with cookies of these values, all of the session's name."""
    visitor.client.cookies.clear()
    visitor.headers["Cookie"] = "; ".join(f"{COOKIE}={value}" for value in values)
    return visitor


async def is_logged_in(visitor: Visitor) -> bool:
    page = await visitor.get("/account/login")
    assert page.name in {"login", "continue"}
    return page.name == "continue"


async def test_only_a_single_cookie_with_the_value_of_a_session_logs_in(visitor: Visitor, ada: Actor) -> None:
    cookie = visitor.client.cookies[COOKIE]

    assert await is_logged_in(with_cookies(visitor, cookie))
    assert not await is_logged_in(with_cookies(visitor, cookie, cookie))
    assert not await is_logged_in(with_cookies(visitor, ada.refresh_token))
    assert not await is_logged_in(with_cookies(visitor, ada.access_token))
    assert not await is_logged_in(with_cookies(visitor, f"{cookie}x"))
    assert not await is_logged_in(with_cookies(visitor, ""))


async def test_api_does_not_accept_the_session_of_a_browser(visitor: Visitor, ada: Actor) -> None:
    cookie = visitor.client.cookies[COOKIE]

    assert (await ada.call("GET", "/api/user/profile", token=cookie)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.call("GET", "/api/user/profile", token="")).outcome == (401, "AUTHENTICATION_REQUIRED")
    refreshed = await ada.call("POST", "/api/auth/refresh", token="", json={"refresh_token": cookie})
    assert refreshed.outcome == (401, "TOKEN_INVALID")


async def test_log_out_ends_the_session_and_deletes_its_cookie(visitor: Visitor) -> None:
    cookie = visitor.client.cookies[COOKIE]
    page = await visitor.get("/account/logout")
    page = await visitor.submit(page, "/account/logout", decision="yes")

    assert page.location == "/account/login?done=signed-out"
    assert COOKIE not in visitor.client.cookies
    assert "logged out" in (await visitor.follow(page)).text
    assert not await is_logged_in(with_cookies(visitor, cookie))


async def test_log_out_with_a_session_that_has_ended_deletes_the_cookie(visitor: Visitor, ada: Actor) -> None:
    await ada.call("POST", "/api/auth/logout-all", json={})
    page = await visitor.post("/account/logout", {"decision": "yes"})

    assert page.location == "/account/login?done=signed-out"
    assert COOKIE not in visitor.client.cookies


async def test_decision_to_stay_logged_in_leads_to_the_account(visitor: Visitor) -> None:
    page = await visitor.post("/account/logout", {"decision": "no"})

    assert page.location == "/account"
    assert await is_logged_in(visitor)


async def test_session_that_ended_elsewhere_is_logged_out_and_keeps_its_cookie(visitor: Visitor, ada: Actor) -> None:
    await ada.call("POST", "/api/auth/logout-all", json={})
    page = await visitor.get("/account/login")

    assert page.name == "login"
    assert "Set-Cookie" not in page.response.headers


async def test_account_that_is_deleted_during_a_request_is_logged_out(
    visitor: Visitor, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a form that is sent twice: the session was read before the first one has deleted the account."""
    read_before = await services.core.browser_sessions.find(visitor.client.cookies[COOKIE])

    async def find(_sessions: BrowserSessions, _raw: str) -> BrowserSession | None:
        return read_before

    await UserRow.delete().where(UserRow.username == "ada")
    monkeypatch.setattr(BrowserSessions, "find", find)
    forms = {
        "/account/data/delete": {"confirm": "ada", "current_password": visitor.password},
        "/account/data/export": {},
        "/account/password": {"current_password": visitor.password, "new_password": "Another-Horse-8-Battery"},
        "/account/profile": {"username": "grace"},
        "/account/security/totp": {},
        "/account/confirm": {"method": "password", "password": visitor.password},
    }
    for path in ("/account/data", "/account/password", "/account/security/totp"):
        assert (await visitor.get(path)).location.startswith("/account/login?continue="), path
    for path, fields in forms.items():
        page = await visitor.post(path, fields)
        assert (page.status, page.location.partition("?")[0]) == (303, "/account/login"), path


@pytest.mark.usefixtures("outage")
async def test_outage_ends_no_session(visitor: Visitor) -> None:
    pages: list[Page] = [
        await visitor.get("/account/login"),
        await visitor.get("/account/logout"),
        await visitor.post("/account/logout", {"decision": "yes"}),
    ]

    for page in pages:
        assert page.outcome == (503, "error", "CIRCUIT_BREAKER_OPEN")
        assert int(page.response.headers["Retry-After"]) > 0
        assert "Set-Cookie" not in page.response.headers
    breakers.get(SERVICE).close()
    assert await is_logged_in(visitor)


@pytest.mark.usefixtures("outage")
async def test_sign_in_page_is_shown_during_an_outage_and_keeps_what_was_typed(visitor: Visitor) -> None:
    fields = {"identifier": "ada", "password": visitor.password, "continue": "/account/security"}
    with_cookie = await visitor.post("/account/login", fields)
    visitor.client.cookies.clear()

    assert (await visitor.get("/account/login")).outcome == (200, "login", "")
    for page in (with_cookie, await visitor.post("/account/login", fields)):
        assert page.outcome == (503, "login", "CIRCUIT_BREAKER_OPEN")
        assert page.form("/account/login").fields["identifier"] == "ada"
        assert page.form("/account/login").fields["continue"] == "/account/security"
        assert int(page.response.headers["Retry-After"]) > 0
        assert "Set-Cookie" not in page.response.headers


async def test_security_history_says_that_a_login_came_by_a_page(visitor: Visitor, ada: Actor) -> None:
    events = await visitor.client.get("/api/user/audit-log", headers={"Authorization": f"Bearer {ada.access_token}"})
    newest = events.json()["items"][0]

    assert newest["action"] == "login:succeeded"
    assert newest["details"]["via"] == "page"
