"""Logins in two steps: several tabs, reloads, and the way back."""

from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.conftest import DeploymentFactory
from tests.support.browser import browser_page
from tests.support.page_forms import send_form
from tests.support.product import Product, running_product
from tests.support.scenes.scene import PRODUCTS, STRICT
from tests.support.scenes.stage import Person, Stage
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

LOGIN: Final = "/account/login"
SECOND_FACTOR: Final = "/account/second-factor"


@pytest.fixture
async def client(product: Product) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the product."""
    async with httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as opened:
        yield opened


async def is_at(page: Page, name: str) -> None:
    """Wait for the page with this name."""
    await expect(page.locator("main")).to_have_attribute("data-page", name)


async def browser_sessions(product: Product, person: Person) -> int:
    """Return the number of live sessions that a person has in browsers."""
    rows = await product.deployment.rows(
        "SELECT u.username FROM browser_sessions b JOIN sessions s ON s.id = b.session_id "
        "JOIN users u ON u.id = s.user_id WHERE s.ended_at IS NULL"
    )
    return rows.count((person.actor.username,))


async def test_each_tab_ends_at_its_own_target_after_the_second_factor(
    product: Product, client: httpx.AsyncClient, each_browser: Browser
) -> None:
    async with browser_page(each_browser) as visit:
        stage = Stage(product, visit.page, client)
        person = await stage.person_with_app()
        first, second = visit.page, await visit.page.context.new_page()
        for tab, target in ((first, "profile"), (second, "history")):
            await tab.goto(f"{product.origin}{LOGIN}?continue=/account/{target}")
            await send_form(tab, LOGIN, identifier=person.actor.username, password=person.actor.password)
            await is_at(tab, "second-factor")

        await send_form(first, SECOND_FACTOR, code="000000")
        await send_form(second, SECOND_FACTOR, code=person.code())
        await is_at(second, "history")
        await send_form(first, SECOND_FACTOR, button="recovery_code")
        await send_form(first, SECOND_FACTOR, code=person.recovery_codes[0])
        await is_at(first, "profile")

        assert await browser_sessions(product, person) == 1
        await second.reload()
        await is_at(second, "history")


async def test_reload_and_back_show_no_step_of_a_login_that_is_complete(
    product: Product, client: httpx.AsyncClient, chromium: Browser
) -> None:
    async with browser_page(chromium) as visit:
        page, stage = visit.page, Stage(product, visit.page, client)
        person = await stage.person_with_app()
        await stage.open(f"{LOGIN}?continue=/account/profile")
        await page.reload()
        await stage.send(LOGIN, identifier=person.actor.username, password=person.actor.password)
        await page.reload()  # sends the password again: a new login
        await is_at(page, "second-factor")
        await page.go_back()
        await is_at(page, "login")
        await stage.send(LOGIN, identifier=person.actor.username, password=person.actor.password)
        await stage.send(SECOND_FACTOR, code=person.code())
        await is_at(page, "profile")

        await page.reload()
        await is_at(page, "profile")
        await page.goto(f"{product.origin}{LOGIN}?continue=/account/history")
        await is_at(page, "continue")
        await stage.send("/account/login/continue")
        await is_at(page, "history")
        assert await browser_sessions(product, person) == 1


async def test_recovery_codes_are_not_shown_again_after_a_reload(
    deployment_factory: DeploymentFactory, chromium: Browser
) -> None:
    with running_product(await deployment_factory(), **PRODUCTS[STRICT]) as product:
        async with (
            httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
            browser_page(chromium) as visit,
        ):
            page, stage = visit.page, Stage(product, visit.page, client)
            await stage.second_step(await stage.person())
            await stage.send("/account/enrol/totp")
            app = await stage.shown_app()
            await stage.send("/account/enrol/totp/confirm", code=app.code())
            await is_at(page, "recovery-codes")

            await page.reload()
            await is_at(page, "continue")
            assert await page.locator("#codes").count() == 0
