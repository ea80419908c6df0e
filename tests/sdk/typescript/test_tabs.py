"""The client in many tabs of a real browser, against a real server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import Browser

from tests.conftest import DeploymentFactory
from tests.sdk.typescript.browser_tabs import NO_STORAGE, open_tabs, page_of
from tests.support.actors import PASSWORD
from tests.support.captive_portal import captive_portal
from tests.support.product import Product, running_product
from tests.support.static_site import static_site
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import TIMEOUT_SECONDS, until

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

TABS: Final = 20
HOUR: Final = 3600
FRESH: Final = "no reason, up to date"
STALE: Final = "no reason, stale"
MAX_LOCK_WAIT_SECONDS: Final = 3
USER: Final = "auth.api.GET('/api/user/profile').then(({ username }) => username)"
AUTHORIZATION: Final = "auth.accessToken()"


@dataclass(frozen=True)
class Application:
    """The product, and an application at another origin that uses it.

    Attributes:
        product: auth_api, which a test may stop if it starts it again.
        origin: of the application; the paths of its pages are `/` and the mode of the client or what the browser lacks.
        proxy: between the page `/slow`, in cookie mode, and auth_api.
    """

    product: Product
    origin: str
    proxy: TcpProxy

    def page(self, name: str) -> str:
        """Return the address of a page."""
        return f"{self.origin}/{name}"

    def accepts(self, token: str) -> bool:
        """Return whether auth_api accepts an access token."""
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.product.server.url}/api/user/profile"
        return httpx.get(url, headers=headers, trust_env=False, timeout=TIMEOUT_SECONDS).is_success


@pytest.fixture(scope="module")
async def application(deployment_factory: DeploymentFactory, package: Path) -> AsyncIterator[Application]:
    """The application, shared by the tests of this module, whose users have different names."""
    files = {f"/client/{file.name}": file.read_text(encoding="utf-8") for file in (package / "dist").glob("*.js")}
    with (
        static_site(files) as origin,
        running_product(await deployment_factory(), COOKIE_ORIGINS=origin) as product,
        TcpProxy(product.server.port) as proxy,
    ):
        auth_url = product.origin
        files |= {
            "/favicon.ico": "",
            "/blank": "<title>Another page of the application</title>",
            "/token": page_of(auth_url, "token"),
            "/cookie": page_of(auth_url, "cookie"),
            "/slow": page_of(f"http://localhost:{proxy.port}", "cookie"),
            "/no-storage": page_of(auth_url, "token", NO_STORAGE),
        }
        yield Application(product, origin, proxy)


def tabs_of(browser: Browser) -> int:
    """Return how many tabs to open: in Firefox, each is a process that takes seconds to start."""
    return 5 if browser.browser_type.name == "firefox" else TABS


async def test_one_refresh_serves_all_tabs(application: Application, each_browser: Browser) -> None:
    username = f"one-{each_browser.browser_type.name}"
    async with open_tabs(each_browser, application.page("token")) as tabs:
        await tabs.register(username)
        await tabs.open(tabs_of(each_browser) - 1)
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        before = await tabs.run(0, AUTHORIZATION)
        assert tabs.refreshes == 0, "a fresh token was refreshed"

        await tabs.sleep(HOUR)
        received = await tabs.run_in_each("Promise.all([1, 2, 3].map(() => auth.accessToken()))")

        tokens = {token for each in received for token in each}
        assert (len(tokens), before in tokens) == (1, False)
        assert tabs.refreshes == 1
        assert set(await tabs.run_in_each(USER)) == {username}
        await tabs.assert_always_signed_in()
        tabs.visit.assert_no_errors()


async def test_tabs_in_cookie_mode_refresh_one_after_the_other(application: Application, chromium: Browser) -> None:
    username = f"cookie-{chromium.browser_type.name}"
    async with open_tabs(chromium, application.page("cookie")) as tabs:
        await tabs.register(username)
        await tabs.open(TABS - 1)
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        assert tabs.refreshes == TABS - 1, "each tab has an access token of its own, which it gets once"

        await tabs.sleep(HOUR)
        tokens = await tabs.run_in_each(AUTHORIZATION)

        assert len(set(tokens)) == TABS
        assert tabs.refreshes == 2 * TABS - 1
        assert set(await tabs.run_in_each(USER)) == {username}
        await tabs.assert_always_signed_in()
        tabs.visit.assert_no_errors()


@pytest.mark.parametrize("page", ["token", "cookie"])
async def test_logout_in_one_tab_signs_all_out(application: Application, each_browser: Browser, page: str) -> None:
    number = tabs_of(each_browser)
    username = f"out-{page}-{each_browser.browser_type.name}"
    async with open_tabs(each_browser, application.page(page)) as tabs:
        await tabs.register(username)
        await tabs.open(number - 1)
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        token = await tabs.run(0, AUTHORIZATION)

        await tabs.run(number // 2, "auth.logout()")

        await tabs.expect_each("signed-out", "logged-out, up to date")
        assert await tabs.run_in_each(AUTHORIZATION) == ["AUTHENTICATION_REQUIRED"] * number
        assert await tabs.run(0, "localStorage.length") == 0
        assert not application.accepts(token)
        await tabs.open(1)
        await tabs.expect_each("signed-out", FRESH, only=number)


@pytest.mark.parametrize("page", ["token", "cookie"])
async def test_login_of_another_person_changes_all_tabs(application: Application, chromium: Browser, page: str) -> None:
    ada, grace = (f"{name}-{page}-{chromium.browser_type.name}" for name in ("ada", "grace"))
    async with open_tabs(chromium, application.page(page)) as tabs:
        await tabs.register(grace)
        await tabs.run(0, "auth.logout()")
        await tabs.register(ada)
        await tabs.open(TABS - 1)
        await tabs.expect_each(f"Signed in as {ada}", FRESH)

        await tabs.log_in(TABS - 1, grace)

        for tab in range(TABS - 1):
            await tabs.expect_each(f"Signed in as {grace}", "account-changed, up to date", only=tab)
        assert set(await tabs.run_in_each(USER)) == {grace}
        await tabs.assert_always_signed_in()


@pytest.mark.parametrize("change", ["login", "password"])
async def test_late_refresh_of_another_tab_does_not_replace_a_new_cookie(
    application: Application, chromium: Browser, change: str
) -> None:
    proxy = application.proxy
    username = f"late-{change}"
    login = f"auth.login({json.dumps({'username': username, 'password': PASSWORD})})"
    passwords = json.dumps({"body": {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}})
    changed = {"login": login, "password": f"auth.api.POST('/api/user/password', {passwords})"}[change]
    async with open_tabs(chromium, application.page("slow")) as tabs:
        await tabs.register(username)
        await tabs.open(1)
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        await tabs.run(1, f"sleep({HOUR})")
        # A younger refresh token would stay valid, and the response to a refresh would set no cookie.
        await application.product.deployment.execute(
            "UPDATE refresh_tokens SET created_at = '2026-01-01 00:00:00+00:00'"
        )

        before = proxy.delays
        proxy.delay_after = b"POST /api/auth/refresh "
        refreshing = asyncio.create_task(tabs.run(1, AUTHORIZATION))
        await until(lambda: proxy.delays > before)
        proxy.delay_after = None
        assert "access_token" in await tabs.run(0, changed)
        await refreshing

        await tabs.sleep(2 * HOUR)
        assert await tabs.run_in_each(USER) == [username, username]
        await tabs.assert_always_signed_in()


async def test_tab_that_never_releases_the_lock_delays_the_others_by_three_seconds(
    application: Application, chromium: Browser
) -> None:
    username = f"hung-{chromium.browser_type.name}"
    async with open_tabs(chromium, application.page("token")) as tabs:
        await tabs.register(username)
        await tabs.open(4)
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        stuck = await tabs.visit.page.context.new_page()
        await stuck.goto(application.page("blank"))
        name = f"auth_api:{application.product.origin}"
        hold = "(name) => new Promise((held) => navigator.locks.request(name, () => new Promise(() => held())))"
        await stuck.evaluate(hold, name)

        await tabs.sleep(HOUR)
        began = time.monotonic()
        tokens = await tabs.run_in_each(AUTHORIZATION)
        seconds = time.monotonic() - began

        assert seconds >= MAX_LOCK_WAIT_SECONDS, "the lock was not held"
        assert seconds < 3 * MAX_LOCK_WAIT_SECONDS
        assert len(set(tokens)) == 1, "the server returns the same successor to all"
        await stuck.close()
        await tabs.sleep(2 * HOUR)
        before = tabs.refreshes
        assert len(set(await tabs.run_in_each(AUTHORIZATION))) == 1
        assert tabs.refreshes == before + 1
        await tabs.assert_always_signed_in()


async def test_client_without_storage_keeps_the_session_until_the_page_is_left(
    application: Application, chromium: Browser
) -> None:
    username = f"storage-{chromium.browser_type.name}"
    async with open_tabs(chromium, application.page("no-storage")) as tabs:
        await tabs.register(username)
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        await tabs.sleep(HOUR)
        assert await tabs.run(0, USER) == username
        assert tabs.refreshes == 1

        await tabs.visit.page.reload()

        await tabs.expect_each("signed-out", FRESH)
        tabs.visit.assert_no_errors()


@pytest.mark.parametrize("page", ["token", "cookie"])
async def test_tabs_keep_the_session_while_they_are_offline(
    application: Application, chromium: Browser, page: str
) -> None:
    username = f"offline-{page}"
    async with open_tabs(chromium, application.page(page)) as tabs:
        await tabs.register(username)
        await tabs.open(TABS - 1)
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        await tabs.sleep(HOUR)

        await tabs.visit.page.context.set_offline(True)
        assert await tabs.run_in_each(AUTHORIZATION) == ["OFFLINE"] * TABS
        await tabs.expect_each(f"Signed in as {username}", STALE)
        await tabs.visit.page.context.set_offline(False)

        await tabs.expect_each(f"Signed in as {username}", FRESH)
        assert set(await tabs.run_in_each(USER)) == {username}
        await tabs.assert_always_signed_in()


@pytest.mark.parametrize("page", ["token", "cookie"])
async def test_captive_portal_ends_no_session_and_gets_no_token(
    application: Application, chromium: Browser, page: str
) -> None:
    username = f"portal-{page}-{chromium.browser_type.name}"
    server = application.product.server
    async with open_tabs(chromium, application.page(page)) as tabs:
        await tabs.register(username)
        await tabs.open(4)
        await tabs.expect_each(f"Signed in as {username}", FRESH)

        server.stop()
        try:
            with captive_portal(server.port) as portal:
                assert set(await tabs.run_in_each(USER)) == {"REDIRECTED"}
                call = f"auth.fetch('{application.product.origin}/notes')"
                assert set(await tabs.run_in_each(call)) == {"REDIRECTED"}
                await tabs.sleep(HOUR)
                assert set(await tabs.run_in_each(AUTHORIZATION)) == {"REDIRECTED"}
                await tabs.expect_each(f"Signed in as {username}", STALE)
        finally:
            server.start()

        assert "GET /notes" in portal.redirected
        assert "POST /api/auth/refresh" in portal.redirected
        assert portal.followed == []
        await tabs.expect_each(f"Signed in as {username}", FRESH)
        assert set(await tabs.run_in_each(USER)) == {username}
        await tabs.assert_always_signed_in()
