"""The pages on which people manage their account, in a browser."""

import json
from itertools import count
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Opener
from tests.support.accessibility import axe_violations, overflowing_elements
from tests.support.actors import PASSWORD
from tests.support.keyboard import KeyboardUser

pytestmark = pytest.mark.slow

NEW: Final = "Better-Horse-8-Staple"

_numbers = count(1)


@pytest.fixture
def username(api: httpx.Client) -> str:
    """The name of a new user, who has a session from the registration, too."""
    name = f"manager{next(_numbers)}"
    registered = api.post(
        "/api/auth/register",
        json={"email": f"{name}@example.com", "username": name, "password": PASSWORD, "display_name": "A" * 100},
    )
    assert registered.status_code == httpx.codes.CREATED
    return name


async def log_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in the login page, which leads to another page."""
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def test_form_with_an_error_is_accessible_and_has_the_focus_on_the_summary(opened: Opener, username: str) -> None:
    async with opened("/account/login?continue=/account/data", width=320) as visit:
        page = visit.page
        await log_in(page, username)
        await page.get_by_label("Your username").fill("bob")
        await page.get_by_role("button", name="Delete your account").click()

        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_role("alert").get_by_role("link").first.click()
        await expect(page.get_by_label("Your username")).to_be_focused()
        assert await axe_violations(page) == []
        assert await overflowing_elements(page) == []
        visit.assert_no_errors(error_responses=1)


async def test_nothing_of_the_account_comes_back_after_the_log_out(opened: Opener, username: str) -> None:
    async with opened("/account/login?continue=/account/sessions") as visit:
        page = visit.page
        await log_in(page, username)
        await expect(page.locator("main[data-page=sessions]")).to_be_visible()
        await page.get_by_role("link", name="Your data").first.click()
        await expect(page.locator("main[data-page=data]")).to_be_visible()
        await page.get_by_role("link", name="Log out").click()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.locator("main[data-page=login]")).to_be_visible()

        for shown in ("logout", "login", "login"):  # the question, which is answered, and two pages of the account
            await page.go_back()
            await expect(page.locator("main")).to_have_attribute("data-page", shown)
            assert username not in await page.content()


async def test_password_is_changed_with_the_keyboard_only(opened: Opener, username: str) -> None:
    async with opened("/account/login?continue=/account/password") as visit:
        await log_in(visit.page, username)
        user = KeyboardUser(visit.page)
        await user.type_into("Current password", PASSWORD)
        await user.type_into("New password", NEW)
        await user.submit()

        await expect(visit.page.get_by_role("status")).to_contain_text("Your password is changed")
        await user.follow("Devices")
        await expect(visit.page.get_by_text("This device")).to_be_visible()
        await expect(visit.page.get_by_role("button", name="Log out", exact=False)).to_have_count(1)
        assert user.unmarked == []
        visit.assert_no_errors()


async def test_account_is_exported_and_deleted_without_script(opened: Opener, username: str, tmp_path: Path) -> None:
    async with opened("/account/login?continue=/account/data", scripts=False) as visit:
        page = visit.page
        await log_in(page, username)
        async with page.expect_download() as started:
            await page.get_by_role("button", name="Download your data").click()
        download = await started.value
        await download.save_as(tmp_path / "export.json")
        assert download.suggested_filename.startswith(f"{username}-")
        assert json.loads((tmp_path / "export.json").read_text())["profile"]["username"] == username

        await page.get_by_label("Your username").fill(username)
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_role("button", name="Delete your account").click()
        await expect(page.locator("main[data-page=goodbye]")).to_be_visible()
        assert await page.context.cookies() == []
        visit.assert_no_errors()
