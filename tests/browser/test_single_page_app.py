"""The application of docs/single-page-app.md, in a browser at an origin of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD
from tests.support.browser import Visit, browser_page
from tests.support.page_forms import send_form
from tests.support.product import Product, running_product
from tests.support.static_site import static_site
from tests.support.walkthrough import blocks

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

DOCUMENT: Final = (Path(__file__).parents[2] / "docs" / "single-page-app.md").read_text(encoding="utf-8")


@asynccontextmanager
async def application(factory: DeploymentFactory, chromium: Browser) -> AsyncIterator[tuple[Product, str, Visit]]:
    """Start the product and the application, and open a window. Yield product, address of the application, window."""
    (html,) = blocks(DOCUMENT, "html")
    files = {"/": html}
    with static_site(files) as origin:
        return_urls = f'["{origin}/"]'
        with running_product(
            await factory(), PROVIDERS="dev", RETURN_URLS=return_urls, COOKIE_ORIGINS=origin
        ) as product:
            files["/"] = html.replace("http://localhost:8000", product.origin)
            async with browser_page(chromium) as visit:
                yield product, f"{origin}/", visit


async def assert_logged_in(page: Page, address: str, name: str) -> None:
    """Assert that the application shows who is logged in, and keeps no secret that its scripts can read."""
    await expect(page.locator("#text")).to_have_text(f"You are logged in as {name}.")
    assert page.url == address
    stored = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert stored == '[{},{},""]'


async def test_people_log_in_on_the_pages_and_stay_logged_in(
    deployment_factory: DeploymentFactory, chromium: Browser
) -> None:
    async with application(deployment_factory, chromium) as (product, address, visit):
        page = visit.page
        await page.goto(address)
        await expect(page.locator("#text")).to_have_text("You are logged out.")
        await page.click("#log-in")
        await page.click("a[href*='/account/register']")
        await send_form(page, "/account/register", email="ada@example.com", username="ada", password=PASSWORD)
        await assert_logged_in(page, address, "ada")

        await page.reload()
        await assert_logged_in(page, address, "ada")
        other_tab = await page.context.new_page()
        await other_tab.goto(address)
        await assert_logged_in(other_tab, address, "ada")

        await page.click("#log-out")
        await expect(page.locator("#text")).to_have_text("You are logged out.")
        await page.reload()
        await expect(page.locator("#text")).to_have_text("You are logged out.")
        await page.click("#log-in")  # the session of the pages is another one
        await send_form(page, "/account/login/continue")
        await assert_logged_in(page, address, "ada")
        assert visit.requested_origins() == {product.origin, address.rstrip("/")}


async def test_people_sign_up_by_a_provider_and_log_in_again(
    deployment_factory: DeploymentFactory, chromium: Browser
) -> None:
    async with application(deployment_factory, chromium) as (product, address, visit):
        page = visit.page
        await page.goto(address)
        await page.click("#dev")
        assert urlsplit(page.url).path == "/dev/provider"
        await page.click("text=Cancel")
        await expect(page.locator("#text")).to_have_text("The login did not work.")

        await page.click("#dev")
        await page.click("button[value=Noa]")  # without an e-mail address
        await expect(page.locator("[name=username]")).to_have_value("noa")
        await page.click("#sign-up button")
        await expect(page.locator("#text")).to_contain_text("e-mail address")
        await page.fill("[name=email]", "noa@example.com")
        await page.click("#sign-up button")
        await assert_logged_in(page, address, "noa")
        await page.click("#log-out")

        await page.click("#dev")
        await page.click("button[value=Lena]")
        await expect(page.locator("#text")).to_have_text("Choose a username for your new account.")
        await expect(page.locator("[name=email]")).to_have_value("lena@example.com")
        await expect(page.locator("[name=username]")).to_have_value("lena")
        await page.fill("[name=username]", "-")
        await page.click("#sign-up button")
        await expect(page.locator("#text")).to_contain_text("Must")
        await page.fill("[name=username]", "lena")
        await page.click("#sign-up button")
        await assert_logged_in(page, address, "lena")
        await page.click("#log-out")

        await page.click("#dev")
        await page.click("button[value=Lena]")
        await assert_logged_in(page, address, "lena")
        await page.click("#log-out")

        await page.click("#log-in")  # by the same provider, but on the pages
        await page.click("a[href*='/providers/dev/start']")
        await page.click("button[value=Lena]")
        await assert_logged_in(page, address, "lena")
        ((users,),) = await product.deployment.rows("SELECT count(*) FROM users")
        assert users == 2


async def test_code_of_an_attacker_has_no_effect(deployment_factory: DeploymentFactory, chromium: Browser) -> None:
    async with application(deployment_factory, chromium) as (_, address, visit):
        page = visit.page
        for fragment in ("#code=fc_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ", "#error=PROVIDER_DENIED"):
            await page.goto("about:blank")
            await page.goto(address + fragment)
            await expect(page.locator("#signed-out")).to_be_visible()
            assert page.url == address


async def test_way_to_the_application_needs_no_script_and_tells_it_no_address(
    deployment_factory: DeploymentFactory, each_browser: Browser
) -> None:
    with static_site({"/": "<h1>Notes</h1>"}) as origin:
        parameters = {"return_to": f"{origin}/", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}
        with running_product(await deployment_factory(), RETURN_URLS=f'["{origin}/"]') as product:
            is_firefox = each_browser.browser_type.name == "firefox"  # in which scripts cannot be switched off
            async with browser_page(each_browser, scripts=is_firefox) as visit:
                page = visit.page
                await page.goto(f"{product.origin}/account/register?{urlencode(parameters)}")
                async with page.expect_request(f"{origin}/") as request:
                    await send_form(
                        page, "/account/register", email="ada@example.com", username="ada", password=PASSWORD
                    )
                await expect(page.locator("h1")).to_have_text("Notes")

                assert "referer" not in await (await request.value).all_headers()
                assert page.url.startswith(f"{origin}/#code=fc_")
