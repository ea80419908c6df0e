"""A newcomer follows the steps of the README on the pages, word by word."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.support.product import Product
from tests.support.virtual_authenticator import add_virtual_authenticator

pytestmark = [pytest.mark.slow, pytest.mark.engine_independent]

README: Final = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ADDRESS: Final = "http://localhost:8000"

WITHOUT_AUTOFILL: Final = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
"""A virtual authenticator would log in as soon as the page offers passkeys at a field, before the button is pressed."""

_ACTION: Final = re.compile(
    r"Open <(?P<url>[^>]+)>|`(?P<text>[^`]+)`\s+as\s+\*(?P<field>[^*]+)\*|"
    r"link\s+to\s+`(?P<link>[^`]+)`|\*\*(?P<button>[^*]+)\*\*"
)


def actions() -> Iterator[dict[str, str]]:
    """Yield what the steps say: an address to open, a text for a field, a link to follow, a button to press."""
    section = README.partition("\n## The pages in three minutes\n")[2].partition("\n## ")[0]
    for found in _ACTION.finditer(section):
        yield {kind: " ".join(value.split()) for kind, value in found.groupdict().items() if value is not None}


async def do(page: Page, product: Product, action: dict[str, str]) -> None:
    """Do one action."""
    match action:
        case {"url": url}:
            await page.goto(url.replace(ADDRESS, product.origin))
        case {"text": text, "field": field}:
            await page.get_by_label(field, exact=True).fill(text)
        case {"link": path}:
            await product.mailed_link("mary@example.com", path)
            await page.reload()
            await press(page, page.locator(f"a[href^='{product.origin}{path}#']").first)
        case {"button": name}:
            button, link = (
                page.get_by_role("button", name=name, exact=True),
                page.get_by_role("link", name=name, exact=True),
            )
            await press(page, button.or_(link))


async def press(page: Page, element: Locator) -> None:
    """Press what leads to another page, and wait for that page."""
    async with page.expect_event("load"):
        await element.click()


async def test_newcomer_registers_verifies_adds_a_passkey_and_logs_in_with_it(opened: Opener, product: Product) -> None:
    steps = [*actions()]

    assert len(steps) == 14
    async with opened("/account") as visit:
        page = visit.page
        await add_virtual_authenticator(page)
        await page.add_init_script(WITHOUT_AUTOFILL)
        for step in steps:
            await do(page, product, step)
        await expect(page).to_have_url(f"{product.origin}/account")
        await expect(page.get_by_role("main")).to_have_attribute("data-page", "account")
        await expect(page.get_by_role("main")).to_contain_text("mary@example.com")
        visit.assert_no_errors()
