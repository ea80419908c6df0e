"""People who log in with a provider on the pages, in a browser with and without script."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Opener, opener
from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD
from tests.support.page_forms import send_form
from tests.support.product import Product, running_product

pytestmark = pytest.mark.slow

LOGIN: Final = "/account/login"
IDENTITIES: Final = "/account/identities"
DEV: Final = "/dev/provider"

_numbers = count(1)


@pytest.fixture(scope="module")
async def federated(deployment_factory: DeploymentFactory) -> AsyncIterator[Product]:
    """The product with the provider for development."""
    with running_product(await deployment_factory(), PROVIDERS='["dev"]') as running:
        yield running


@pytest.fixture(
    params=[("chromium", True), ("chromium", False), ("firefox", True)], ids=["chromium", "no-script", "firefox"]
)
def open_page(request: pytest.FixtureRequest, federated: Product) -> Opener:
    """Open a page in a browser, with or without script."""
    name, scripts = request.param
    open_with = opener(federated, request.getfixturevalue(name))
    return lambda path: open_with(path, scripts=scripts)


def free_name() -> str:
    """Return a name that neither an account nor a person at the provider has."""
    return f"lena{next(_numbers)}"


async def choose(page: Page, name: str, **more: str) -> None:
    """Be this person at the provider, and come back. The page in between leads on by itself."""
    await page.wait_for_url(f"**{DEV}?*")
    form = page.locator('form:has([name="name"])')
    for field, value in {"name": name, **more}.items():
        entry = form.locator(f'[name="{field}"]')
        await (entry.check() if value == "on" else entry.fill(value))
    await form.get_by_role("button", name="Log in").click()
    await page.wait_for_url(lambda url: DEV not in url)


async def be_at(page: Page, name: str, path: str = "") -> None:
    """Wait for a page by its name."""
    await expect(page.locator("main")).to_have_attribute("data-page", name)
    assert page.url.partition("?")[0].endswith(path), page.url


async def use_provider(page: Page) -> None:
    """Use the button of the provider."""
    await page.get_by_role("link", name="Continue with").click()


async def test_new_person_signs_up_and_logs_in_again(open_page: Opener) -> None:
    name = free_name()
    async with open_page(f"{LOGIN}?continue=/account/profile") as visit:
        page = visit.page
        await use_provider(page)
        await choose(page, name, email=f"{name}@example.com", email_verified="on")
        await be_at(page, "sign-up", "/account/login/provider")
        assert await page.locator('[name="email"]').input_value() == f"{name}@example.com"
        await send_form(page, "/account/login/sign-up", username=name)
        await be_at(page, "profile", "/account/profile")

        await page.context.clear_cookies()
        await page.goto(page.url)
        await use_provider(page)
        await choose(page, name, email=f"{name}@example.com", email_verified="on")
        await be_at(page, "profile", "/account/profile")
        visit.assert_no_errors()


async def test_person_who_cancels_gets_back_to_the_login(open_page: Opener) -> None:
    async with open_page(f"{LOGIN}?continue=/account/profile&lang=de") as visit:
        await visit.page.get_by_role("link", name="Weiter mit").click()
        await visit.page.get_by_role("link", name="Cancel").click()

        await be_at(visit.page, "login", LOGIN)
        await expect(visit.page.get_by_role("alert")).to_contain_text("abgebrochen")
        assert "continue=%2Faccount%2Fprofile" in visit.page.url
        visit.assert_no_errors()


async def test_person_without_a_password_confirms_by_a_new_login(open_page: Opener, federated: Product) -> None:
    name = free_name()
    async with open_page(LOGIN) as visit:
        page = visit.page
        await use_provider(page)
        await choose(page, name, email=f"{name}@example.com", email_verified="on")
        await send_form(page, "/account/login/sign-up", username=name)
        await federated.deployment.execute("UPDATE sessions SET auth_time = '2026-01-01 00:00:00+00:00'")

        await page.goto(f"{federated.origin}/account/password")
        await page.get_by_role("link", name="Continue").click()
        await be_at(page, "sign-in-again", "/account/confirm")
        await use_provider(page)
        await choose(page, name, email=f"{name}@example.com", email_verified="on")
        await be_at(page, "password", "/account/password")
        await send_form(page, "/account/password", new_password=PASSWORD)
        await expect(page.get_by_role("status")).to_contain_text("Your password is changed")
        visit.assert_no_errors()


async def test_new_person_links_a_second_account_and_unlinks_it(open_page: Opener) -> None:
    name = free_name()
    async with open_page(f"{LOGIN}?continue={IDENTITIES}") as visit:
        page = visit.page
        await use_provider(page)
        await choose(page, name, email=f"{name}@example.com", email_verified="on")
        await be_at(page, "sign-up", "/account/login/provider")
        assert await page.locator('[name="email"]').input_value() == f"{name}@example.com"
        await send_form(page, "/account/login/sign-up", username=name)
        await be_at(page, "identities", IDENTITIES)
        assert await page.get_by_role("button", name="Unlink").count() == 0  # the only way to log in

        await send_form(page, f"{IDENTITIES}/link")
        await choose(page, f"{name} at work")
        await be_at(page, "identities", IDENTITIES)
        await expect(page.get_by_role("status")).to_contain_text("The account is linked.")
        assert await page.locator(".item").count() == 2

        await send_form(page, f"{IDENTITIES}/unlink")
        await expect(page.get_by_role("status")).to_contain_text("The account is no longer linked.")
        assert await page.locator(".item").count() == 1
        visit.assert_no_errors()


async def test_address_of_an_account_is_linked_after_one_login(open_page: Opener, federated: Product) -> None:
    name = free_name()
    email = f"{name}@example.com"
    async with open_page("/account/register") as visit:
        page = visit.page
        await send_form(page, "/account/register", email=email, username=name, password=PASSWORD)
        verified = f"UPDATE users SET email_verified_at = created_at WHERE username = '{name}'"  # noqa: S608 - of a test
        await federated.deployment.execute(verified)
        await page.context.clear_cookies()

        await page.goto(f"{federated.origin}{LOGIN}?continue={IDENTITIES}")
        await use_provider(page)
        await choose(page, name, email=email, email_verified="on")
        await be_at(page, "login", "/account/login/provider")
        await expect(page.locator("main")).to_contain_text("Log in to it once")
        await send_form(page, LOGIN, password=PASSWORD)
        await be_at(page, "identities", IDENTITIES)
        assert await page.locator(".item").count() == 1

        await page.context.clear_cookies()
        await page.goto(f"{federated.origin}{LOGIN}?continue=/account/profile")
        await use_provider(page)
        await choose(page, name, email=email, email_verified="on")
        await be_at(page, "profile", "/account/profile")
        visit.assert_no_errors()
