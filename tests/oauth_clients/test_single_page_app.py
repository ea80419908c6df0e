"""Sign in to a single-page application that uses oidc-client-ts."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.oauth_clients.conftest import Provider
from tests.oauth_clients.installing import install_node_clients
from tests.oauth_clients.running import running_application
from tests.support.browser import browser_page
from tests.support.installing import skipped_if_not_installed
from tests.support.processes import free_port

pytestmark = pytest.mark.clients


async def profile(page: Page) -> dict[str, Any]:
    """Return what the application knows, once it has finished."""
    await expect(page.locator("output")).not_to_be_empty()
    document: dict[str, Any] = json.loads(await page.inner_text("output"))["profile"]
    return document


@pytest.fixture
async def page(provider: Provider, chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """The application in a browser."""
    with skipped_if_not_installed():
        folder = install_node_clients()
    port = free_port()
    home = f"http://localhost:{port}/"
    variables = provider.register("Single page", "spa", home, "--scope", "offline_access")
    with running_application(["node", "spa.mjs"], folder, variables, port=port, log=tmp_path / "log"):
        async with browser_page(chromium) as visit:
            await visit.page.goto(home)
            yield visit.page
            visit.assert_no_errors()


async def test_single_page_app_signs_in_renews_and_logs_out(provider: Provider, page: Page) -> None:
    await page.get_by_role("button", name="Log in", exact=True).click()
    await provider.log_in(page)
    assert (await profile(page))["email"] == "ada@example.com"

    await page.evaluate("document.querySelector('output').textContent = ''")
    await page.get_by_role("button", name="Renew").click()
    assert (await profile(page))["preferred_username"] == "ada"

    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/goodbye")


async def test_single_page_app_signs_in_with_a_pop_up(provider: Provider, page: Page) -> None:
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Log in with a pop-up").click()
    await provider.log_in(await opened.value)

    assert (await profile(page))["preferred_username"] == "ada"
