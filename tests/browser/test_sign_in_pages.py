"""Registration, login and log-out in real browsers: by keyboard, without script, in several tabs."""

import gzip
from typing import Final

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Opener
from tests.support.actors import PASSWORD
from tests.support.browser import browser_page
from tests.support.keyboard import KeyboardUser
from tests.support.product import Product

pytestmark = pytest.mark.slow

LOGIN: Final = "/account/login"
MAX_PAGE_BYTES: Final = 12 * 1024


def register(api: httpx.Client, name: str) -> None:
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    assert api.post("/api/auth/register", json=body).status_code == 201


def open_sessions(api: httpx.Client, name: str) -> int:
    """Log in by the API, and return the number of the other sessions."""
    tokens = api.post("/api/auth/login", json={"username": name, "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return len(api.get("/api/user/sessions", headers=headers).json()["items"]) - 1


def compressed_size(api: httpx.Client, path: str) -> int:
    return len(gzip.compress(api.get(path).content))


async def fill_in(page: Page, name: str) -> None:
    await page.get_by_label("Username or e-mail address").fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)


async def log_in(page: Page, name: str) -> None:
    await fill_in(page, name)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def is_at(page: Page, path: str) -> None:
    """Wait until the page is at a path; its query string does not count."""
    await page.wait_for_url(lambda url: url.partition("?")[0].endswith(path))


async def register_and_return(page: Page, product: Product, name: str) -> None:
    """Register, log out, fail to log in, and log in, with the keyboard only."""
    user = KeyboardUser(page)
    await page.goto(f"{product.origin}{LOGIN}?continue=/account/profile")
    await user.follow("Create an account")
    await user.type_into("E-mail address", f"{name}@example.com")
    await user.type_into("Username", name)
    await user.type_into("Password", "short")
    await user.submit()
    await expect(page.get_by_role("alert")).to_be_focused()
    await user.type_into("Password", PASSWORD)
    await user.press("Create account")
    await is_at(page, "/account/profile")

    await page.goto(f"{product.origin}/account/logout")
    await user.press("Log out")
    await expect(page.get_by_text("You are logged out.")).to_be_visible()

    await page.goto(f"{product.origin}/account/profile")
    await is_at(page, LOGIN)
    await user.type_into("Username or e-mail address", name)
    await user.type_into("Password", "Wrong-Horse-7-Staple")
    await user.submit()
    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page.get_by_label("Username or e-mail address")).to_have_value(name)
    await expect(page.get_by_label("Password", exact=True)).to_have_value("")
    await user.type_into("Password", PASSWORD)
    await user.toggle("Keep me logged in")
    await user.press("Log in")
    await is_at(page, "/account/profile")
    assert user.unmarked == []


async def test_person_registers_and_logs_in_with_the_keyboard_in_each_browser(
    product: Product, each_browser: Browser
) -> None:
    name = f"{each_browser.browser_type.name}_typist"
    async with browser_page(each_browser, width=390) as visit:
        await register_and_return(visit.page, product, name)

        assert visit.requested_origins() == {product.origin}
        cookies = {cookie["name"]: cookie for cookie in await visit.page.context.cookies()}
        assert cookies[f"auth_session_{product.server.port}"]["httpOnly"]
        assert cookies[f"auth_session_{product.server.port}"]["expires"] > 0


async def test_person_registers_and_logs_in_without_scripts(product: Product, chromium: Browser) -> None:
    async with browser_page(chromium, scripts=False) as visit:
        await register_and_return(visit.page, product, "scriptless")

        visit.assert_no_errors(error_responses=2)


async def test_each_tab_ends_at_its_own_target_also_after_a_reload(
    opened_in_each: Opener, product: Product, api: httpx.Client, each_browser: Browser
) -> None:
    name = f"{each_browser.browser_type.name}_tabs"
    register(api, name)
    async with opened_in_each(f"{LOGIN}?continue=/account/profile") as visit:
        first, second = visit.page, await visit.page.context.new_page()
        await second.goto(f"{product.origin}{LOGIN}?continue=/account/sessions&lang=de")
        await second.goto(f"{product.origin}{LOGIN}?continue=/account/sessions")
        await first.get_by_role("button", name="Log in", exact=True).click()
        await expect(first.get_by_role("alert")).to_be_visible()

        await log_in(second, name)
        await is_at(second, "/account/sessions")
        await log_in(first, name)  # the form was shown before the other tab logged in
        await is_at(first, "/account/profile")
        await second.reload()
        await is_at(second, "/account/sessions")
    assert open_sessions(api, name) == 2  # of the registration, and one of the browser


async def test_back_shows_no_account_after_logging_out(
    opened_in_each: Opener, api: httpx.Client, each_browser: Browser
) -> None:
    name = f"{each_browser.browser_type.name}_leaver"
    register(api, name)
    async with opened_in_each(f"{LOGIN}?continue=/account/profile") as visit:
        page = visit.page
        await log_in(page, name)
        await is_at(page, "/account/profile")
        await page.go_back()  # to the form, which asks whether to go on now
        await page.get_by_role("button", name=f"Continue as {name}").click()
        await is_at(page, "/account/profile")

        await page.get_by_role("link", name="Log out").click()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_text("You are logged out.")).to_be_visible()
        for _ in range(3):
            await page.go_back()
            await expect(page.get_by_role("main")).to_be_visible()
            await expect(page.get_by_text(name)).to_have_count(0)


async def test_double_click_opens_one_session(opened: Opener, api: httpx.Client) -> None:
    register(api, "clicker")
    async with opened(LOGIN) as visit:
        await fill_in(visit.page, "clicker")
        button = visit.page.get_by_role("button", name="Log in", exact=True)
        await button.evaluate("button => { button.click(); setTimeout(() => button.click(), 20) }")
        await is_at(visit.page, "/account")

        assert len([url for url in visit.requests if url.endswith(LOGIN)]) == 2  # the page and its form
    assert open_sessions(api, "clicker") == 2  # of the registration, and of the browser


async def test_forgotten_password_is_requested_and_the_mail_arrives(
    opened: Opener, api: httpx.Client, product: Product
) -> None:
    register(api, "forgetter")
    async with opened(f"{LOGIN}?continue=/account/profile", width=390) as visit:
        page = visit.page
        await page.get_by_role("link", name="Forgot your password?").click()
        await page.get_by_label("E-mail address").fill("forgetter@example.com")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
        await product.mailed_link("forgetter@example.com", "/account/reset-password")

        await page.get_by_role("link", name="Back to login").click()
        await log_in(page, "forgetter")
        await is_at(page, "/account/profile")
        visit.assert_no_errors()


async def test_login_page_is_small_and_needs_three_requests(
    opened: Opener, product: Product, api: httpx.Client
) -> None:
    async with opened(LOGIN) as visit:
        paths = [url.removeprefix(product.origin) for url in visit.requests]
    loaded = [path for path in paths if not path.startswith("/api/")]  # the script may ask for passkeys already

    assert len(loaded) == 3
    assert sum(compressed_size(api, path) for path in loaded) <= MAX_PAGE_BYTES
    assert visit.requested_origins() == {product.origin}
