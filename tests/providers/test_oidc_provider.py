"""Log in by oidc-provider, in Chromium, with two workers of auth_api."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.providers.conftest import Federation
from tests.support.browser import browser_page

pytestmark = [pytest.mark.providers, pytest.mark.engine_independent]


async def prove_upstream(page: Page, name: str) -> None:
    """Log in on the pages of the provider, and agree to what it asks."""
    await page.get_by_placeholder("Enter any login").fill(name)
    await page.get_by_placeholder("and password").fill("any password")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()


async def test_new_person_signs_up_and_logs_in_again(with_oidc_provider: Federation, chromium: Browser) -> None:
    origin = with_oidc_provider.product.origin
    async with browser_page(chromium) as visit:
        page = visit.page
        await page.goto(f"{origin}/account/login")
        await page.get_by_role("link", name="Acme ID").click()
        await prove_upstream(page, "grace")
        await expect(page.get_by_label("Username")).to_have_value("grace")
        await page.get_by_role("button", name="Create account").click()
        await page.wait_for_url(f"{origin}/account")
    async with browser_page(chromium) as visit:
        page = visit.page
        await page.goto(f"{origin}/account/login")
        await page.get_by_role("link", name="Acme ID").click()
        await prove_upstream(page, "grace")
        await page.wait_for_url(f"{origin}/account")


async def test_person_who_cancels_can_choose_another_way(with_oidc_provider: Federation, chromium: Browser) -> None:
    origin = with_oidc_provider.product.origin
    async with browser_page(chromium) as visit:
        page = visit.page
        await page.goto(f"{origin}/account/login")
        await page.get_by_role("link", name="Acme ID").click()
        await page.get_by_role("link", name="Cancel").click()
        await page.wait_for_url(f"{origin}/account/login?*")
        assert parse_qs(urlsplit(page.url).query)["error"] == ["PROVIDER_DENIED"]
        await expect(page.get_by_text("The login was cancelled.")).to_be_visible()
