"""What a new person does first, in each browser, with and without scripts."""

from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.support.actors import PASSWORD
from tests.support.browser import Visit, browser_page
from tests.support.product import Product
from tests.support.scenes.stage import Stage
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

LOGIN: Final = "/account/login"
REGISTER: Final = "/account/register"
VERIFY: Final = "/account/verify-email"
APP: Final = "/account/security/totp"


@pytest.fixture
async def client(product: Product) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the product."""
    async with httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as opened:
        yield opened


async def register_and_protect(visit: Visit, stage: Stage, name: str, *, scripts: bool) -> None:
    """Register, verify the e-mail address, add an authenticator app, and log in with it."""
    page, product = visit.page, stage.product
    main = page.locator("main")
    await stage.open(REGISTER)
    await stage.send(REGISTER, email=f"{name}@example.com", username=name, password=PASSWORD)
    await expect(main).to_have_attribute("data-page", "account")
    await stage.open("/account/logout")
    await stage.send("/account/logout", button="yes")

    link = await product.mailed_link(f"{name}@example.com", VERIFY)
    await page.goto(link)
    pasted = {} if scripts else {"token": link}
    await stage.send(VERIFY, password=PASSWORD, **pasted)
    await expect(main).to_have_attribute("data-page", "email-verified")

    await stage.open(APP)
    await stage.send(LOGIN, identifier=f"{name}@example.com", password=PASSWORD)
    await stage.send(APP)
    app = await stage.shown_app()
    await stage.send(f"{APP}/confirm", code=app.code())
    assert await page.locator("#codes li").count() == 10
    await stage.open("/account/logout")
    await stage.send("/account/logout", button="yes")

    await stage.open("/account/security")
    await stage.send(LOGIN, identifier=name, password=PASSWORD, keep="on")
    await stage.send("/account/second-factor", code=app.code())
    await expect(main).to_have_attribute("data-page", "security")
    (cookie,) = await page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
        f"auth_session_{product.server.port}",
        True,
        "Lax",
    )
    assert cookie["expires"] > 0
    assert visit.requested_origins() == {product.origin}
    visit.assert_no_errors()


async def test_person_protects_a_new_account_in_each_browser(
    product: Product, client: httpx.AsyncClient, each_browser: Browser
) -> None:
    async with browser_page(each_browser, width=390) as visit:
        stage = Stage(product, visit.page, client)
        await register_and_protect(visit, stage, f"new_{each_browser.browser_type.name}", scripts=True)


async def test_person_protects_a_new_account_without_scripts(
    product: Product, client: httpx.AsyncClient, chromium: Browser
) -> None:
    async with browser_page(chromium, scripts=False) as visit:
        await register_and_protect(visit, Stage(product, visit.page, client), "new_scriptless", scripts=False)
