"""The pages on which people manage their second factors, in a browser."""

import asyncio
from itertools import count
from typing import Final

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Opener
from tests.support.actors import PASSWORD
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.factor_pages import SECURITY
from tests.support.keyboard import KeyboardUser
from tests.support.product import Product
from tests.support.virtual_authenticator import add_virtual_authenticator
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

LOGIN: Final = f"/account/login?continue={SECURITY}"


CODES: Final = "Save your recovery codes"

_numbers = count(1)


@pytest.fixture
async def username(product: Product) -> str:
    """The name of a new user whose e-mail address is verified."""
    name = f"careful{next(_numbers)}"
    email = f"{name}@example.com"
    async with httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as api:
        account = {"email": email, "username": name, "password": PASSWORD}
        assert (await api.post("/api/auth/register", json=account)).status_code == httpx.codes.CREATED
        link = await product.mailed_link(email, "/account/verify-email")
        verification = {"token": link.partition("token=")[2], "password": PASSWORD}
        assert (await api.post("/api/auth/email/verify", json=verification)).status_code == httpx.codes.OK
    return name


async def log_in(page: Page, username: str) -> None:
    """Fill in the login page, which leads to the second factors."""
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await heading(page, "Two-step login and passkeys")


async def heading(page: Page, text: str) -> None:
    """Wait for the page with this heading."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(text)


async def shown_app(page: Page) -> AuthenticatorApp:
    """Return the app that has the key on the page."""
    return AuthenticatorApp(await page.locator("#secret").inner_text())


async def shown_codes(page: Page) -> list[str]:
    """Return the recovery codes on the page."""
    return await page.locator("#codes code").all_inner_texts()


async def save_codes(page: Page) -> str:
    """Save the recovery codes as a file, and return its content."""
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Save as a file").click()
    file = await download.value
    assert file.suggested_filename == "recovery-codes.txt"
    return await asyncio.to_thread((await file.path()).read_text, encoding="utf-8")


async def test_app_is_added_and_removed_without_script_and_mouse(opened: Opener, username: str) -> None:
    async with opened(LOGIN, scripts=False) as visit:
        page, user = visit.page, KeyboardUser(visit.page)
        await user.type_into("Username or e-mail address", username)
        await user.type_into("Password", PASSWORD)
        await user.submit()
        await user.follow("Add an authenticator app")
        await user.press("Show the QR code")
        app = await shown_app(page)
        await user.type_into("Code", "000000")
        await user.submit()
        await expect(page.get_by_role("alert")).to_be_focused()
        await user.type_into("Code", app.code())
        await user.press("Confirm")
        await heading(page, CODES)
        codes = await shown_codes(page)
        assert await save_codes(page) == "".join(f"{code}\n" for code in codes)
        await user.follow("I have saved the codes")
        await expect(page.get_by_role("status")).to_contain_text("better protected")

        await user.follow("Remove")
        await heading(page, "Remove your authenticator app?")
        await user.press("Remove")
        await expect(page.get_by_role("status")).to_contain_text("removed")
        await expect(page.get_by_role("link", name="Add an authenticator app")).to_be_visible()
        assert user.unmarked == []
        visit.assert_no_errors(error_responses=1)


async def test_app_is_added_once_after_a_double_click_in_each_browser(opened_in_each: Opener, username: str) -> None:
    async with opened_in_each(LOGIN) as visit:
        page = visit.page
        await log_in(page, username)
        await page.get_by_role("link", name="Add an authenticator app").click()
        await page.get_by_role("button", name="Show the QR code").click()
        app = await shown_app(page)
        await page.get_by_label("Code").fill(app.code())
        await page.evaluate(
            """() => {
              const button = [...document.querySelectorAll("main button")].find((each) => each.innerText === "Confirm");
              button.click();
              button.click();
            }"""
        )
        await heading(page, CODES)
        assert len(await shown_codes(page)) == 10
        visit.assert_no_errors()


async def test_passkey_is_added_used_and_removed(opened: Opener, product: Product, username: str) -> None:
    async with opened(LOGIN) as visit:
        page = visit.page
        devtools, authenticator = await add_virtual_authenticator(page)
        await log_in(page, username)
        await page.get_by_role("link", name="Add a passkey").click()

        unverified = {"authenticatorId": authenticator, "isUserVerified": False}
        await devtools.send("WebAuthn.setUserVerified", unverified)
        await page.get_by_label("Name").fill("Laptop <b>")
        await page.get_by_role("button", name="Create a passkey").click()
        await expect(page.get_by_role("status")).to_have_text("No passkey was created. You can try again.")
        await devtools.send("WebAuthn.setUserVerified", {**unverified, "isUserVerified": True})
        await page.get_by_role("button", name="Create a passkey").click()
        await heading(page, CODES)
        assert len((await save_codes(page)).split()) == 10
        await page.get_by_role("link", name="I have saved the codes").click()
        await expect(page.get_by_role("listitem").filter(has_text="Laptop <b>")).to_be_visible()

        await page.get_by_role("link", name="Add a passkey").click()
        await page.get_by_role("button", name="Create a passkey").click()
        await expect(page.get_by_role("status")).to_have_text("This device already has a passkey for your account.")

        await page.context.clear_cookies()
        await page.goto(product.origin + LOGIN)  # the browser logs in by autofill
        await heading(page, "Two-step login and passkeys")
        await page.get_by_role("link", name="Switch on").click()
        await page.get_by_role("button", name="Switch on").click()
        await expect(page.get_by_role("status")).to_contain_text("saved")

        await page.get_by_role("listitem").filter(has_text="Laptop <b>").get_by_role("link", name="Remove").click()
        await expect(page.get_by_text("two-step login is switched off")).to_be_visible()
        await page.get_by_role("button", name="Remove").click()
        await expect(page.get_by_role("status")).to_contain_text("removed")
        await expect(page.get_by_text("Laptop")).to_have_count(0)
        visit.assert_no_errors()


async def test_page_for_passkeys_says_that_it_needs_scripts(opened: Opener, username: str) -> None:
    async with opened(LOGIN, scripts=False) as visit:
        await log_in(visit.page, username)
        await visit.page.get_by_role("link", name="Add a passkey").click()

        await expect(visit.page.get_by_role("button", name="Create a passkey")).to_be_hidden()
        await expect(visit.page.get_by_text("This browser cannot use passkeys here.")).to_be_visible()
        await visit.page.get_by_role("link", name="Back").click()
        await heading(visit.page, "Two-step login and passkeys")
