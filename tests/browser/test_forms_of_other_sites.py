"""Pages of other sites cannot send the forms of the pages, nor show the pages in a frame."""

from html import escape
from typing import Final

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.actors import PASSWORD, Actor
from tests.support.browser import browser_page
from tests.support.page_forms import send_form
from tests.support.product import Product
from tests.support.static_site import static_site
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

LOGIN: Final = "/account/login"
FORMS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    (LOGIN, {"identifier": "mallory", "password": PASSWORD}),
    ("/account/logout", {"decision": "yes"}),
    ("/account/profile", {"username": "victim"}),
    ("/account/sessions/end-others", {}),
)
POLICIES: Final = ("strict-origin-when-cross-origin", "no-referrer")
"""With the second one, browsers send `Origin: null`."""


def files(product: Product) -> dict[str, str]:
    """Return the pages of the other site: each form under each policy, and a frame."""
    pages = {"/frame": f'<title>Frame</title><iframe src="{product.origin}{LOGIN}" title="Log in"></iframe>'}
    for policy in POLICIES:
        for action, fields in FORMS:
            inputs = "".join(f'<input name="{name}" value="{escape(text)}">' for name, text in fields.items())
            pages[f"/{policy}{action}"] = (
                f'<title>Prize</title><meta name="referrer" content="{policy}">'
                f'<form method="post" action="{product.origin}{action}">{inputs}<button>Win</button></form>'
            )
    return pages


async def submit_elsewhere(page: Page, site: str, action: str, policy: str) -> None:
    """Send a form of the other site, and expect the page that refuses it."""
    await page.goto(f"{site}/{policy}{action}")
    await page.get_by_role("button", name="Win").click()
    await expect(page.locator("main")).to_have_attribute("data-error", "CROSS_SITE_REQUEST")


async def test_form_of_another_site_changes_nothing_and_opens_no_session(
    product: Product, each_browser: Browser
) -> None:
    browser = each_browser.browser_type.name
    with static_site(files(product)) as other_port:
        other_site = other_port.replace("localhost", "127.0.0.1")
        async with (
            httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
            browser_page(each_browser) as visit,
        ):
            mallory = Actor(client, username="mallory", email="mallory@example.com")
            await mallory.register()
            ada = Actor(client, username=f"target_{browser}", email=f"target_{browser}@example.com")
            assert (await ada.register()).status == 201
            for site in (other_port, other_site):
                for policy in POLICIES:
                    await submit_elsewhere(visit.page, site, LOGIN, policy)
            await visit.page.goto(f"{product.origin}/account")
            await expect(visit.page.locator("main")).to_have_attribute("data-page", "login")

            await send_form(visit.page, LOGIN, identifier=ada.username, password=PASSWORD)
            for site in (other_port, other_site):
                for policy in POLICIES:
                    for action, _ in FORMS:
                        await submit_elsewhere(visit.page, site, action, policy)

            await visit.page.goto(f"{product.origin}/account/profile")
            await expect(visit.page.locator("[name=username]")).to_have_value(ada.username)
            assert (await ada.profile()).status == 200


async def test_pages_are_not_shown_in_a_frame_of_another_site(product: Product, each_browser: Browser) -> None:
    with static_site(files(product)) as other_port:
        async with browser_page(each_browser) as visit:
            async with visit.page.expect_response(product.origin + LOGIN):
                await visit.page.goto(f"{other_port}/frame")

            _, frame = visit.page.frames
            assert await frame.locator("form").count() == 0
