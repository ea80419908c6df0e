"""The pages of the links in mails, in real browsers: with and without script, with the keyboard only."""

from typing import Final

import httpx
import pytest
from playwright.async_api import Browser, Page, Request, expect

from auth_api.features import MAIL_KINDS
from tests.browser.conftest import Opener
from tests.support.actors import PASSWORD
from tests.support.keyboard import KeyboardUser
from tests.support.product import Product

pytestmark = pytest.mark.slow

PATHS: Final = sorted({kind.path for kind in MAIL_KINDS if kind.path})
UNKNOWN: Final = "ot_" + "a" * 43
NEW_PASSWORD: Final = "Another-Horse-8-Battery"


def register(api: httpx.Client, name: str) -> str:
    """Register a person, and return the e-mail address."""
    email = f"{name}@example.com"
    body = {"email": email, "username": name, "password": PASSWORD}
    assert api.post("/api/auth/register", json=body).status_code == 201
    return email


def forgot(api: httpx.Client, email: str) -> None:
    assert api.post("/api/auth/password/forgot", json={"email": email}).status_code == 202


def can_log_in(api: httpx.Client, name: str, password: str) -> bool:
    response = api.post("/api/auth/login", json={"username": name, "password": password})
    return bool(response.status_code == httpx.codes.OK)


async def shows(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


async def test_link_leads_to_the_new_password_by_itself_and_leaves_the_address_bar(
    opened_in_each: Opener, product: Product, api: httpx.Client, each_browser: Browser
) -> None:
    name = f"resetter-{each_browser.browser_type.name}"
    email = register(api, name)
    forgot(api, email)
    link = await product.mailed_link(email, "/account/reset-password")
    async with opened_in_each("/errors") as visit:
        page = visit.page
        await page.goto(link)
        await expect(page.get_by_label("Username")).to_have_value(name)
        assert "#" not in page.url
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.keyboard.press("Enter")
        await shows(page, "Your password is set")
        await page.get_by_role("link", name="Log in").click()
        await page.wait_for_url("**/account/login")

        assert can_log_in(api, name, NEW_PASSWORD)
        assert visit.requested_origins() == {product.origin}
        visit.assert_no_errors()


async def test_whole_link_can_be_pasted_without_scripts(opened: Opener, product: Product, api: httpx.Client) -> None:
    email = register(api, "paster")
    forgot(api, email)
    link = await product.mailed_link(email, "/account/reset-password")
    async with opened("/account/reset-password", scripts=False) as visit:
        page = visit.page
        await page.get_by_label("Code from the e-mail").fill(link)
        await page.keyboard.press("Enter")
        await page.get_by_label("New password").fill("short")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.keyboard.press("Enter")
        await shows(page, "Your password is set")

        assert can_log_in(api, "paster", NEW_PASSWORD)


async def test_address_is_verified_without_a_password_with_the_keyboard_only(
    opened: Opener, product: Product, api: httpx.Client
) -> None:
    email = register(api, "verifier")
    link = await product.mailed_link(email, "/account/verify-email")
    async with opened("/errors") as visit:
        page = visit.page
        await page.goto(link)
        user = KeyboardUser(page)
        await expect(page.get_by_label("Password", exact=True)).to_be_focused()
        await page.keyboard.type("Wrong-Horse-7-Staple")
        await user.submit()
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_label("Code from the e-mail")).to_have_count(0)
        await user.press("Verify without a password")
        await shows(page, "Choose a password")
        await user.type_into("New password", NEW_PASSWORD)
        await user.press("Set password")
        await shows(page, "Your password is set")

        assert user.unmarked == []
        assert can_log_in(api, "verifier", NEW_PASSWORD)
        visit.assert_no_errors(error_responses=1)


def methods(page: Page) -> list[str]:
    """Return the methods of all further requests of a page."""
    found: list[str] = []

    def record(request: Request) -> None:
        found.append(request.method)

    page.on("request", record)
    return found


async def test_opened_link_sends_nothing_that_changes_something(opened: Opener) -> None:
    for path in PATHS:
        async with opened("/errors") as visit:
            sent = methods(visit.page)
            await visit.page.goto(f"{visit.page.url.removesuffix('/errors')}{path}#token={UNKNOWN}")
            if path in {"/account/reset-password", "/account/invitation"}:  # the first form only checks the code
                await expect(visit.page.get_by_role("alert")).to_be_visible()
                assert sent.count("POST") == 1
                continue
            await expect(visit.page.locator("#f-token")).to_have_value(UNKNOWN)
            await expect(visit.page.locator("#f-token")).to_be_hidden()
            await visit.page.wait_for_load_state("networkidle")
            assert "POST" not in sent


async def test_second_link_in_the_same_tab_begins_anew(opened: Opener, product: Product) -> None:
    address = f"{product.origin}/account/report"
    async with opened(f"/account/report#token={UNKNOWN}") as visit:
        page, field = visit.page, visit.page.locator("#f-token")
        await page.goto(f"{address}#token=ot_second")
        await expect(field).to_have_value("ot_second")
        await page.get_by_role("button", name="Log out all devices").click()
        await expect(page.get_by_role("alert")).to_be_visible()  # the page that a form leads to, at the same address

        await page.goto(f"{address}#token=ot_third")
        await expect(field).to_have_value("ot_third")
        await expect(field).to_be_hidden()
        assert page.url == address
        visit.assert_no_errors(error_responses=1)


async def test_link_to_another_language_keeps_the_token(opened: Opener, product: Product, api: httpx.Client) -> None:
    email = register(api, "linguist")
    forgot(api, email)
    link = await product.mailed_link(email, "/account/reset-password")
    async with opened(f"/account/report#token={UNKNOWN}") as visit:
        page = visit.page
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.locator("#f-token")).to_have_value(UNKNOWN)
        assert "#" not in page.url
        await page.goto(link)
        await expect(page.locator("#f-username")).to_have_value("linguist")
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.locator("#f-username")).to_have_value("linguist")
        visit.assert_no_errors()
