"""A person goes on with a login after the server was killed between two steps."""

from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import browser_page
from tests.support.product import Product
from tests.support.scenes.stage import Stage
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

LOGIN: Final = "/account/login"


@pytest.fixture
async def stage(own_product: Product, each_browser: Browser) -> AsyncIterator[Stage]:
    """A browser at a product with two workers, which the test kills."""
    async with (
        browser_page(each_browser) as visit,
        httpx.AsyncClient(base_url=own_product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        yield Stage(own_product, visit.page, client)


def restart(product: Product) -> None:
    """Kill the server and its workers, and start them again."""
    product.server.kill()
    product.server.start()


async def is_at(page: Page, name: str) -> None:
    """Wait for the page with this name."""
    await expect(page.locator("main")).to_have_attribute("data-page", name)


async def test_login_goes_on_after_a_restart_between_any_two_steps(stage: Stage) -> None:
    person = await stage.person_with_app()
    product, page = stage.product, stage.page
    await stage.open(f"{LOGIN}?continue=/account/sessions")

    restart(product)
    await stage.send(LOGIN, identifier=person.actor.username, password=person.actor.password)
    await is_at(page, "second-factor")
    restart(product)
    await stage.send("/account/second-factor", code="000000")
    await expect(page.locator("main")).to_have_attribute("data-error", "FACTOR_INVALID")
    restart(product)
    await stage.send("/account/second-factor", button="recovery_code")
    restart(product)
    await stage.send("/account/second-factor", code=person.recovery_codes[0])
    await is_at(page, "sessions")
    restart(product)
    await page.reload()
    await is_at(page, "sessions")

    await stage.open("/account/logout")
    restart(product)
    await stage.send("/account/logout", button="yes")
    await is_at(page, "login")
    restart(product)
    await stage.open("/account")
    await is_at(page, "login")
