"""The site of docs/clients/server-rendered-site.md, in a browser."""

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.conftest import DeploymentFactory
from tests.oauth_clients.running import running_application
from tests.support.actors import PASSWORD
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import browser_page
from tests.support.installed_browsers import chromium_or_skip
from tests.support.page_forms import send_form
from tests.support.processes import free_port
from tests.support.product import Product, running_product
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.walkthrough import blocks

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

GUIDE: Final = (Path(__file__).parents[3] / "docs" / "clients" / "server-rendered-site.md").read_text(encoding="utf-8")
CODES: Final = {re.findall(r'\A"""(\w+)\.py: ', code)[0]: code for code in blocks(GUIDE, "python")}
MAX_LINES: Final = 100


@dataclass
class Site:
    """The site, and the auth_api at which its visitors log in."""

    product: Product
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @contextmanager
    def running(self, module: str = "notes_site") -> Iterator[None]:
        """Run the site for the duration of the block."""
        for name, code in CODES.items():
            (self.folder / f"{name}.py").write_text(code, encoding="utf-8")
        variables = {
            "SITE_URL": self.url,
            "AUTH_URL": self.product.server.url,
            "AUTH_PUBLIC_URL": self.product.origin,
            "SESSION_SECRET": "of the tests",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        command = [sys.executable, "-W", "error", "-m", "uvicorn", f"{module}:app", "--port", str(self.port)]
        with running_application(command, self.folder, variables, port=self.port, log=self.folder / "log"):
            yield

    async def register(self, page: Page, name: str) -> None:
        """Follow the link of the site, and register on the pages of auth_api."""
        await page.goto(self.url)
        await page.click("text=Log in")
        assert urlsplit(page.url).netloc == urlsplit(self.product.origin).netloc
        await page.click("a[href*='/account/register']")
        await send_form(page, "/account/register", email=f"{name}@example.com", username=name, password=PASSWORD)
        await self.assert_logged_in(page, name)

    async def assert_logged_in(self, page: Page, name: str) -> None:
        await expect(page.get_by_text(f"Hello {name}")).to_be_visible()
        assert page.url == f"{self.url}/"


def http_client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=TIMEOUT_SECONDS)


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with chromium_or_skip() as browser:
        yield browser


@pytest.fixture
async def site(deployment_factory: DeploymentFactory, tmp_path: Path) -> AsyncIterator[Site]:
    port = free_port()
    returns = json.dumps([f"http://localhost:{port}/login/done", f"http://localhost:{port}/"])
    deployment = await deployment_factory()
    with running_product(deployment, RETURN_URLS=returns, TRUSTED_PROXIES="127.0.0.1") as product:
        yield Site(product, tmp_path, port)


def test_site_is_short() -> None:
    assert len(CODES["notes_site"].splitlines()) <= MAX_LINES


async def test_visitor_logs_in_by_the_hand_off_and_out_of_both_sessions(site: Site, chromium: Browser) -> None:
    with site.running():
        async with browser_page(chromium) as visit:
            page = visit.page
            await site.register(page, "ada")
            cookies = await page.context.cookies(site.url)  # of all ports of this machine
            (cookie,) = [each for each in cookies if each["name"] == "session"]
            assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
            assert await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"
            assert "code=" not in page.url
            assert not [url for url in visit.requests if "code=fc_" in url.partition("#")[0]]

            await page.click("text=Your devices")
            await expect(page.locator("li")).to_have_count(2)  # the pages of auth_api, and the site
            for text in await page.locator("li").all_text_contents():
                assert "Chrom" in text

            await page.goto(site.url)
            await page.click("text=Log out")
            await page.wait_for_url(f"{site.product.origin}/account/logout*")
            await send_form(page, "/account/logout")
            await expect(page.get_by_text("Log in")).to_be_visible()
            assert page.url == f"{site.url}/"
            await page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": site.url}])
            response = await page.goto(f"{site.url}/devices")  # with the cookie of before
            assert response is not None
            assert response.status == 401
            visit.errors.clear()  # of the 401


async def test_session_survives_restarts_and_an_outage(site: Site, chromium: Browser) -> None:
    async with browser_page(chromium) as visit:
        page = visit.page
        with site.running():
            await site.register(page, "ada")
        with site.running():
            await page.reload()
            await site.assert_logged_in(page, "ada")
            site.product.server.kill()
            response = await page.goto(site.url)
            assert response is not None
            assert response.status == 503
            visit.errors.clear()
            site.product.server.start()
            await page.goto(site.url)
            await site.assert_logged_in(page, "ada")


async def test_session_that_ends_elsewhere_needs_a_new_login(site: Site, chromium: Browser) -> None:
    with site.running():
        async with browser_page(chromium) as visit:
            await site.register(visit.page, "ada")
            await site.product.deployment.execute("UPDATE sessions SET ended_at = created_at, ended_reason = 'logout'")
            await visit.page.click("text=Your devices")
            await expect(visit.page.get_by_text("Log in")).to_be_visible()


async def test_site_refuses_other_sites_and_codes_of_attackers(site: Site, chromium: Browser) -> None:
    with site.running():
        async with http_client(site.url) as http:
            for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
                for path in ("/logout", "/login/code", "/log-in"):
                    assert (await http.post(path, headers=headers, json="fc_1")).status_code == 403
            answer = await http.post("/login/code", headers={"Origin": site.url}, json="fc_1")
            assert (answer.status_code, answer.json()) == (400, {"error": "no login"})
        async with browser_page(chromium) as visit:
            page = visit.page
            for begins_a_login in (False, True):
                if begins_a_login:
                    await page.goto(f"{site.url}/login")
                await page.goto("about:blank")
                await page.goto(f"{site.url}/login/done#code=fc_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ")
                await expect(page.get_by_text("That did not work.")).to_be_visible()
                assert page.url == f"{site.url}/login/done"
                await page.goto(site.url)
                await expect(page.get_by_text("Log in")).to_be_visible()
            visit.errors.clear()  # of the refused requests


async def test_own_form_asks_for_password_and_second_factor(site: Site, chromium: Browser) -> None:
    ada = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
    async with http_client(site.product.server.url) as api:
        tokens = (await api.post("/api/auth/register", json=ada)).json()
        await site.product.deployment.execute("UPDATE users SET email_verified_at = created_at")
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        app = AuthenticatorApp((await api.post("/api/user/totp", json={}, headers=headers)).json()["secret"])
        confirmed = await api.post("/api/user/totp/confirm", json={"code": app.code()}, headers=headers)
        confirmed.raise_for_status()
    with site.running("own_form"):
        async with browser_page(chromium) as visit:
            page = visit.page
            await page.goto(f"{site.url}/log-in")
            await send_form(page, "/log-in", username="ada", password="a-wrong-password")
            await expect(page.get_by_text("incorrect")).to_be_visible()
            await send_form(page, "/log-in", username="ada", password=PASSWORD)
            await send_form(page, "/log-in", code="00000")
            await expect(page.get_by_text("incorrect")).to_be_visible()
            await send_form(page, "/log-in", code=app.code())
            await site.assert_logged_in(page, "ada")
