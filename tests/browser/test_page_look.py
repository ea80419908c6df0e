"""The style sheet and the script of the pages, on pages made of all macros, under the content security policy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Route, expect

from tests.support.accessibility import axe_violations, overflowing_elements
from tests.support.browser import browser_page, until_true
from tests.support.keyboard import KeyboardUser
from tests.support.sample_pages import REFUSED, Ada, Shown, render_sample
from tests.support.static_site import static_site

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

ASSETS: Final = Path(__file__).parents[2] / "auth_api/web/frame/assets"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

PAGES: Final[dict[str, str]] = {
    "/form": render_sample("form.html"),
    "/refused": render_sample("form.html", **REFUSED),
    "/account": render_sample("sessions.html", user=Ada(), done="ended"),
    "/error": render_sample(
        "problem.html", problem=Shown("RATE_LIMITED", "Too many.", retry_after=9), try_again="/form"
    ),
}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """A server of the pages."""
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    files = {path: html.replace('<meta charset="utf-8">', head) for path, html in PAGES.items()}
    assets = {f"/assets/{name}": (ASSETS / name).read_text(encoding="utf-8") for name in ("pages.css", "pages.js")}
    with static_site({**files, **assets}) as origin:
        yield origin


WINDOWS: Final[list[dict[str, Any]]] = [
    {"width": 1280},
    {"width": 1280, "dark": True},
    {"width": 1280, "zoom": 4},
    {"width": 320, "dark": True},
]


async def test_pages_are_accessible_by_day_and_by_night_at_all_widths(chromium: Browser, origin: str) -> None:
    for window in WINDOWS:
        async with browser_page(chromium, **window) as visit:
            for path in PAGES:
                await visit.page.goto(origin + path)

                assert await axe_violations(visit.page) == [], (path, window)
                assert await overflowing_elements(visit.page) == [], (path, window)


async def test_page_needs_one_style_sheet_and_one_script(chromium: Browser, origin: str) -> None:
    async with browser_page(chromium) as visit:
        await visit.page.goto(f"{origin}/form", wait_until="networkidle")

        requests = {url.removeprefix(origin) for url in visit.requests if url.startswith("http")}
        assert requests == {"/form", "/assets/pages.css", "/assets/pages.js"}
        visit.assert_no_errors()


async def test_focus_begins_at_the_errors_also_without_scripts(chromium: Browser, origin: str) -> None:
    for scripts in (True, False):
        async with browser_page(chromium, scripts=scripts) as visit:
            await visit.page.goto(f"{origin}/refused")
            await expect(visit.page.get_by_role("alert")).to_be_focused()
            await visit.page.goto(f"{origin}/form")
            await expect(visit.page.get_by_label("Username")).to_be_focused()


async def test_all_elements_show_the_focus(chromium: Browser, origin: str) -> None:
    for path, last in (("/form", "Deutsch"), ("/account", "Deutsch")):
        async with browser_page(chromium) as visit:
            await visit.page.goto(origin + path)
            user = KeyboardUser(visit.page)
            await user.reach(visit.page.get_by_role("link", name=last))

            assert user.unmarked == []


async def test_password_can_be_shown_only_with_scripts(chromium: Browser, origin: str) -> None:
    for scripts in (True, False):
        async with browser_page(chromium, scripts=scripts) as visit:
            await visit.page.goto(f"{origin}/form")
            password, button = visit.page.locator("#f-password"), visit.page.locator("[data-reveals]")
            if not scripts:
                await expect(button).to_be_hidden()
                continue

            await password.fill("Tr0ub4dor&3-horse")
            for pressed, kind in (("true", "text"), ("false", "password")):
                await button.click()
                await expect(button).to_have_attribute("aria-pressed", pressed)
                await expect(password).to_have_attribute("type", kind)


async def test_token_leaves_the_address_and_fills_the_field(chromium: Browser, origin: str) -> None:
    async with browser_page(chromium) as visit:
        page, field = visit.page, visit.page.locator("#f-token")
        await page.goto(f"{origin}/form")
        await expect(field).to_be_visible()
        await page.goto(f"{origin}/account")

        await page.goto(f"{origin}/form#token=ot_first")
        await expect(field).to_have_value("ot_first")
        await expect(field).to_be_hidden()
        assert page.url == f"{origin}/form"
        visit.assert_no_errors()


async def test_form_that_only_checks_a_token_is_sent_by_the_script(chromium: Browser, origin: str) -> None:
    async with browser_page(chromium) as visit:

        async def fulfill(route: Route) -> None:
            assert route.request.method == "POST"
            await route.fulfill(body=f"<title>{route.request.post_data}</title>", content_type="text/html")

        async def check_only(route: Route) -> None:
            html = PAGES["/form"].replace("novalidate", "data-send novalidate")
            await route.fulfill(body=html, content_type="text/html")

        await visit.page.route("**/account/register", fulfill)
        await visit.page.route("**/check", check_only)
        await visit.page.goto(f"{origin}/check#token=ot_x")
        await visit.page.wait_for_url("**/account/register")

        assert "token=ot_x" in await visit.page.title()


async def test_secrets_can_be_copied(chromium: Browser, origin: str) -> None:
    async with browser_page(chromium) as visit:
        await visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await visit.page.goto(f"{origin}/form")
        for name, text in (("secret", "JBSW"), ("codes", "A-1\nB-2")):
            button = visit.page.locator(f"[data-copies={name}]")
            await button.click()
            await expect(button).to_have_text("Copied")
            assert await visit.page.evaluate("navigator.clipboard.readText()") == text
        await expect(visit.page.get_by_role("button", name="Print")).to_be_visible()


async def test_times_are_shown_in_the_zone_of_the_browser(chromium: Browser, origin: str) -> None:
    context = await chromium.new_context(timezone_id="Asia/Tokyo")
    async with context:
        page = await context.new_page()
        await page.goto(f"{origin}/account")

        time = page.locator("time").first
        await expect(time).to_have_text("Jan 2, 2026, 12:04 PM")
        await expect(time).to_have_attribute("title", "2026-01-02 03:04 UTC")


async def test_page_that_the_browser_kept_is_loaded_again(chromium: Browser, origin: str) -> None:
    async with browser_page(chromium) as visit:
        await visit.page.goto(f"{origin}/account")
        await visit.page.evaluate(
            "window.kept = true; dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
        )
        await until_true(visit.page, "window.kept === undefined")


async def test_printed_page_has_the_codes_but_nothing_to_press(chromium: Browser, origin: str) -> None:
    async with browser_page(chromium) as visit:
        await visit.page.goto(f"{origin}/form")
        await visit.page.emulate_media(media="print")

        await expect(visit.page.get_by_text("A-1")).to_be_visible()
        await expect(visit.page.get_by_role("button")).to_have_count(0)
        await expect(visit.page.get_by_role("contentinfo")).to_have_count(0)
