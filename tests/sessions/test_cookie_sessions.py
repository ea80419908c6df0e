"""Sessions of web pages in cookie mode: the refresh token is only in the cookie, and is kept while it is young."""

import asyncio

import httpx
import pytest

from auth_api.sessions.rotation import COOKIE_TOKEN_KEPT_SECONDS
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.cookie_mode import COOKIE, COOKIE_MODE, CookieActor, set_cookie
from tests.support.exposition import Changes
from tests.support.problems import assert_problem
from tests.support.rows import age_sessions, audit_actions
from tests.support.waiting import TIMEOUT_SECONDS

REFRESH, LOGOUT = "/api/auth/refresh", "/api/auth/logout"
GRACE_SECONDS = 120
UNKNOWN = "rt_" + "A" * 43


@pytest.fixture
async def page(client: httpx.AsyncClient, user_factory: UserFactory) -> CookieActor:
    """Ada's page, with a login in cookie mode as her only session."""
    await user_factory()
    await SessionRow.delete(force=True)
    page = CookieActor(client)
    assert (await page.log_in()).status == 200
    return page


async def live_sessions() -> int:
    return int(await SessionRow.count().where(SessionRow.ended_at.is_null()))


async def test_young_token_is_kept_and_nothing_is_written(page: CookieActor) -> None:
    await age_sessions(seconds=COOKIE_TOKEN_KEPT_SECONDS - 2 * TIMEOUT_SECONDS)
    before = (await SessionRow.select(), await RefreshTokenRow.select())
    changes = Changes()

    responses = [await page.try_refresh() for _ in range(3)]

    assert [(each.status, set_cookie(each)) for each in responses] == [(200, None)] * 3
    assert list(responses[0].json) == ["access_token", "token_type", "expires_in", "refresh_expires_in"]
    week = 7 * 24 * 3600
    assert week - COOKIE_TOKEN_KEPT_SECONDS <= responses[0]["refresh_expires_in"] < week
    assert (await page.profile(responses[0]["access_token"])).status == 200
    assert (await SessionRow.select(), await RefreshTokenRow.select()) == before
    assert changes.by("cookie_refreshes_total", "outcome") == {"kept": 3}


async def test_older_token_is_rotated_and_a_retry_sets_the_same_successor(page: CookieActor) -> None:
    first = page.cookie
    await age_sessions(seconds=COOKIE_TOKEN_KEPT_SECONDS)
    changes = Changes()

    rotated = await page.try_refresh()
    successor = page.cookie
    await age_sessions(seconds=GRACE_SECONDS - TIMEOUT_SECONDS)
    graced = await page.try_refresh(first)

    assert list(rotated.json) == ["access_token", "token_type", "expires_in", "refresh_expires_in"]
    assert set_cookie(rotated).value == set_cookie(graced).value == successor != first
    assert int(set_cookie(rotated)["max-age"]) == rotated["refresh_expires_in"]
    assert changes.by("cookie_refreshes_total", "outcome") == {"rotated": 1, "graced": 1}


async def test_concurrent_refreshes_set_one_successor(page: CookieActor) -> None:
    await age_sessions(seconds=COOKIE_TOKEN_KEPT_SECONDS)
    old = page.cookie
    headers = {**COOKIE_MODE, "Cookie": f"{COOKIE}={old}"}
    page.client.cookies.clear()

    responses = await asyncio.gather(*(page.client.post(REFRESH, headers=headers) for _ in range(12)))

    assert {each.status_code for each in responses} == {200}
    assert len({set_cookie(each).value for each in responses}) == 1
    assert await RefreshTokenRow.count() == 2


async def test_refused_refresh_leaves_the_cookie(page: CookieActor) -> None:
    await age_sessions(seconds=COOKIE_TOKEN_KEPT_SECONDS)
    used = page.cookie
    await page.try_refresh()
    await age_sessions(seconds=GRACE_SECONDS + TIMEOUT_SECONDS)
    changes = Changes()

    outcomes = [await page.try_refresh(token) for token in (UNKNOWN, "", used, used)]
    await page.log_in()
    await UserRow.update({UserRow.is_active: False}, force=True)
    outcomes.append(await page.try_refresh())
    await UserRow.update({UserRow.is_active: True}, force=True)
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}, force=True)
    outcomes.append(await page.try_refresh())
    page.cookie = None
    outcomes.append(await page.try_refresh())

    assert [each.outcome for each in outcomes] == [
        (401, "TOKEN_INVALID"),
        (401, "TOKEN_INVALID"),
        (401, "REFRESH_TOKEN_REUSED"),
        (401, "TOKEN_REVOKED"),
        (401, "TOKEN_REVOKED"),
        (401, "TOKEN_EXPIRED"),
        (401, "AUTHENTICATION_REQUIRED"),
    ]
    assert [set_cookie(each) for each in outcomes] == [None] * 7
    assert changes.of("cookie_refreshes_total", outcome="reused") == 1


async def test_request_with_two_cookies_is_refused(page: CookieActor) -> None:
    both = {**COOKIE_MODE, "Cookie": f"{COOKIE}={page.cookie}; {COOKIE}=planted"}
    page.client.cookies.clear()

    refreshed = await page.client.post(REFRESH, headers=both)
    logged_out = await page.client.post(LOGOUT, headers=both)

    assert_problem(refreshed, 401, "TOKEN_INVALID")
    assert (logged_out.status_code, set_cookie(logged_out)["max-age"]) == (200, "0")
    assert await live_sessions() == 1


async def test_token_of_one_transport_is_invalid_in_the_other(page: CookieActor) -> None:
    """Also a used one: in the wrong place, it is not a sign of theft."""
    cookie = page.cookie
    body = Actor(page.client)
    page.client.cookies.clear()
    await body.log_in()
    used = body.refresh_token
    await body.refresh()
    await age_sessions(seconds=COOKIE_TOKEN_KEPT_SECONDS)

    of_body = [await page.try_refresh(token) for token in (body.refresh_token, used)]
    of_cookie = await body.try_refresh(cookie)
    ignored = [
        await page.client.post(LOGOUT, headers={**COOKIE_MODE, "Cookie": f"{COOKIE}={body.refresh_token}"}),
        await page.client.post(LOGOUT, json={"refresh_token": cookie}),
    ]

    assert {each.outcome for each in (*of_body, of_cookie)} == {(401, "TOKEN_INVALID")}
    assert [each.status_code for each in ignored] == [200, 200]
    assert await live_sessions() == 2
    assert [(await body.try_refresh()).status, (await page.try_refresh(cookie)).status] == [200, 200]


async def test_body_holds_no_token_in_cookie_mode(page: CookieActor) -> None:
    for path in (REFRESH, LOGOUT):
        for body in ({"refresh_token": UNKNOWN}, {"refresh_token": page.cookie}, {"refresh_token": None}):
            response = await page.client.post(path, json=body, headers=COOKIE_MODE)
            problem = assert_problem(response, 400, "VALIDATION_ERROR")
            assert ("refresh_token", "conflict") in [(each["field"], each["code"]) for each in problem["errors"]]
            assert set_cookie(response) is None
        response = await page.client.post(path, content="{}", headers={**COOKIE_MODE, "Content-Type": "text/plain"})
        assert_problem(response, 415, "UNSUPPORTED_MEDIA_TYPE")

    assert (await page.client.post(REFRESH, json={}, headers=COOKIE_MODE)).status_code == 200


async def test_login_replaces_the_session_of_the_cookie(page: CookieActor, user_factory: UserFactory) -> None:
    old = page.cookie
    page.client.cookies.clear()
    await user_factory(username="grace", email="grace@example.com")
    grace = CookieActor(page.client, username="grace", email="grace@example.com")
    await SessionRow.delete().where(SessionRow.transport.is_null())
    grace.cookie = old

    assert (await grace.log_in(password="Wrong-Horse-7-Staple")).status == 401
    assert (await live_sessions(), grace.cookie) == (1, old)
    assert (await grace.log_in()).status == 200

    (ended,) = await SessionRow.select().where(SessionRow.ended_at.is_not_null())
    assert (ended["ended_reason"], await live_sessions()) == ("replaced", 1)
    assert (await audit_actions())[-2:] == ["session:evicted", "login:succeeded"]
    assert (await page.profile()).outcome == (401, "TOKEN_REVOKED")


async def test_login_ignores_cookies_that_are_not_its_own(page: CookieActor) -> None:
    body = Actor(page.client)
    page.client.cookies.clear()
    await body.log_in()

    for cookie in (UNKNOWN, "nonsense", "", body.refresh_token):
        page.cookie = cookie
        assert (await page.log_in()).status == 200

    assert await live_sessions() == 6


async def test_concurrent_requests_of_a_browser_end_its_session_once(page: CookieActor) -> None:
    await age_sessions(seconds=COOKIE_TOKEN_KEPT_SECONDS)
    headers = {**COOKIE_MODE, "Cookie": f"{COOKIE}={page.cookie}"}
    page.client.cookies.clear()
    login = {"username": page.username, "password": PASSWORD}

    responses = await asyncio.gather(
        *(page.client.post("/api/auth/login", json=login, headers=headers) for _ in range(6)),
        *(page.client.post(path, headers=headers) for path in (REFRESH, LOGOUT) for _ in range(6)),
    )

    assert [each.status_code for each in responses[:6]] == [200] * 6
    assert {each.status_code for each in responses[6:12]} <= {200, 401}
    assert [each.status_code for each in responses[12:]] == [200] * 6
    assert await live_sessions() == 6
    ends = [action for action in await audit_actions() if action in {"session:evicted", "session:logged_out"}]
    assert len(ends) == 1


async def test_logout_ends_what_is_presented_and_deletes_the_cookie(page: CookieActor) -> None:
    other = CookieActor(page.client)
    first = page.cookie
    page.client.cookies.clear()
    await other.log_in()
    page.cookie = first

    both = await page.log_out(other.access_token)
    dead = [await page.log_out(token) for token in ("", page.access_token, "forged")]

    assert [each.json for each in (both, *dead)] == [{"message": "Logged out."}] * 4
    for response in (both, *dead):
        assert (set_cookie(response).value, set_cookie(response)["max-age"]) == ("", "0")
    assert (await live_sessions(), page.cookie) == (0, None)


async def test_response_that_ends_the_own_session_deletes_the_cookie(page: CookieActor) -> None:
    kept = await page.call("POST", "/api/auth/logout-all", json={"keep_current": True})
    everywhere = await page.call("POST", "/api/auth/logout-all")
    await page.log_in()
    (session,) = (await page.call("GET", "/api/user/sessions"))["items"]
    ended = await page.call("DELETE", f"/api/user/sessions/{session['id']}")
    await page.log_in()
    refused = await page.call("POST", "/api/user/delete", json={"current_password": "Wrong-Horse-7-Staple"})
    deleted = await page.call("POST", "/api/user/delete", json={"current_password": PASSWORD})

    assert [set_cookie(each) for each in (kept, refused)] == [None, None]
    assert [each.status for each in (everywhere, ended, deleted)] == [200, 204, 204]
    assert [set_cookie(each)["max-age"] for each in (everywhere, ended, deleted)] == ["0"] * 3


async def test_password_change_gives_the_cookie_of_its_new_session(page: CookieActor) -> None:
    old = page.cookie

    body = {"current_password": PASSWORD, "new_password": "Other-Horse-7-Staple"}
    changed = await page.call("POST", "/api/user/password", json=body)

    assert (changed.status, "refresh_token" in changed.json) == (200, False)
    assert page.cookie not in {None, old}
    assert (await page.try_refresh()).status == 200
    assert (await page.try_refresh(old)).outcome == (401, "TOKEN_REVOKED")


async def test_registration_opens_a_session_in_the_cookie(client: httpx.AsyncClient, user_factory: UserFactory) -> None:
    await user_factory()
    grace = CookieActor(client, username="grace", email="grace@example.com")

    response = await grace.register()

    assert (response.status, "refresh_token" in response.json) == (201, False)
    assert (await grace.try_refresh()).status == 200


async def test_late_refusal_does_not_delete_the_cookie_of_a_newer_login(page: CookieActor) -> None:
    old = page.cookie
    await page.log_out()
    await page.log_in()
    newer = page.cookie

    late = await page.client.post(REFRESH, headers={**COOKIE_MODE, "Cookie": f"{COOKIE}={old}"})

    assert_problem(late, 401, "TOKEN_REVOKED")
    assert (set_cookie(late), page.cookie) == (None, newer)
    assert (await page.try_refresh()).status == 200
