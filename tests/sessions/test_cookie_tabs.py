"""Several tabs share the refresh cookie: none logs the others out, in whichever order the responses arrive."""

import httpx
import pytest

from auth_api.sessions import rotation
from tests.conftest import UserFactory
from tests.support.cookie_mode import COOKIE, COOKIE_MODE, CookieActor, set_cookie
from tests.support.exposition import Changes
from tests.support.rows import age_sessions
from tests.support.tabs import TABS, Tabs

REFRESH = "/api/auth/refresh"


@pytest.fixture
async def cookie(client: httpx.AsyncClient, user_factory: UserFactory) -> str:
    """The refresh token of Ada's browser."""
    await user_factory()
    page = CookieActor(client)
    await page.log_in()
    cookie = page.cookie
    assert cookie is not None
    client.cookies.clear()
    return cookie


async def test_tabs_stay_logged_in(client: httpx.AsyncClient, cookie: str) -> None:
    tabs = Tabs(client, cookie, seed=19)
    changes = Changes()

    await tabs.run(25)

    outcomes = changes.by("cookie_refreshes_total", "outcome")
    assert set(tabs.statuses) == {200}
    assert sum(outcomes.values()) == 25 * TABS
    assert min(outcomes.get(name, 0) for name in ("kept", "rotated", "graced")) > 0


async def test_without_the_kept_tokens_tabs_would_log_each_other_out(
    client: httpx.AsyncClient, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the simulation finds the fault that the rule prevents."""
    monkeypatch.setattr(rotation, "COOKIE_TOKEN_KEPT_SECONDS", 0)
    tabs = Tabs(client, cookie, seed=19)

    await tabs.run(25)

    assert 401 in tabs.statuses


@pytest.mark.slow
async def test_tabs_stay_logged_in_for_a_thousand_rounds(client: httpx.AsyncClient, cookie: str) -> None:
    tabs = Tabs(client, cookie, seed=1919)

    await tabs.run(1000)

    assert (len(tabs.statuses), set(tabs.statuses)) == (1000 * TABS, {200})


async def test_late_responses_leave_a_usable_cookie_in_every_order(client: httpx.AsyncClient, cookie: str) -> None:
    """All of them set the same token, or none; it is not replaced before the last of them can have arrived."""

    async def sent(token: str) -> httpx.Response:
        return await client.post(REFRESH, headers={**COOKIE_MODE, "Cookie": f"{COOKIE}={token}"})

    await age_sessions(seconds=300)
    rotated = await sent(cookie)
    successor = set_cookie(rotated).value
    responses = [rotated, await sent(cookie), await sent("rt_unknown"), await sent(successor)]
    await age_sessions(seconds=100)
    responses += [await sent(cookie), await sent(successor)]
    client.cookies.clear()
    cookies = [set_cookie(each) for each in responses]

    assert [each.status_code for each in responses] == [200, 200, 401, 200, 200, 200]
    assert [each and each.value for each in cookies] == [successor, successor, None, None, successor, None]
    await age_sessions(seconds=200)
    assert set_cookie(await sent(successor)) is not None
