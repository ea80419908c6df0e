"""The pages of the links in mails, in a browser."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from auth_api.features import MAIL_KINDS
from tests.browser.conftest import Opener

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

PAGES = sorted({kind.path for kind in MAIL_KINDS if kind.path})
TOKEN = "ot_0bW9u2kq1X7sZ4mVtYc8RrJ5hPnLdEaQfG3iKx6oTyA"
RESET_TOKEN = "ot_" + "R" * 43
NEW_PASSWORD = "Tr0ub4dor&4-mare"

WINDOWS = pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["desktop-light", "phone-dark"])

# Return the texts whose contrast with their background is below 4.5, by the formula of WCAG 2.2.
LOW_CONTRAST_TEXTS = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter(
    (node) => node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())
  );
  const ratio = (node) => {
    const [a, b] = [light(channels(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  return texts.length === 0 ? ["no text"] : texts.filter((node) => ratio(node) < 4.5).map((node) => node.textContent);
}"""


async def respond_with(page: Page, path: str, *responses: tuple[int, dict[str, Any]], headers: Any = None) -> list[Any]:
    """Respond to POST requests to a path with these responses, in order. Return the list of their bodies."""
    sent: list[Any] = []
    waiting = list(responses)

    async def fulfill(route: Route) -> None:
        assert route.request.method == "POST"
        sent.append(json.loads(route.request.post_data or ""))
        status, document = waiting.pop(0)
        await route.fulfill(
            status=status, body=json.dumps(document), headers={"content-type": "application/json", **(headers or {})}
        )

    await page.route(f"**{path}", fulfill)
    return sent


def problem(code: str, *errors: dict[str, str]) -> dict[str, Any]:
    return {"error_code": code, "detail": f"The API's own text for {code}.", **({"errors": errors} if errors else {})}


async def reset_link(page: Page, recipient: str) -> str:
    """Reload the mailbox until the mail with the reset link is there, and return the URL of the link."""
    mail = page.locator(".mail").filter(has_text=recipient).filter(has_text="/account/reset-password").first
    while not await mail.count():
        await page.get_by_role("link", name="Reload").click()
    if await mail.get_attribute("open") is None:  # only the newest mail is open, and mails may arrive in any order
        await mail.locator("summary").click()
    link = await mail.get_by_role("link", name="#token=").get_attribute("href")
    return str(link)


def register(api: httpx.Client, name: str) -> str:
    body = {"email": f"{name}@example.com", "username": name, "password": "Correct-Horse-7-Staple"}
    assert api.post("/api/auth/register", json=body).status_code == 201
    assert api.post("/api/auth/password/forgot", json={"email": body["email"]}).status_code == 202
    return body["email"]


def scan(api: httpx.Client, link: str) -> list[int]:
    """Open a link repeatedly, as a mail scanner does."""
    return [api.get(link).status_code for _ in range(5)]


def login(api: httpx.Client, name: str, password: str) -> int:
    return api.post("/api/auth/login", json={"username": name, "password": password}).status_code


@WINDOWS
async def test_forgotten_password_is_reset_through_the_mailbox(
    opened: Opener, api: httpx.Client, tmp_path: Path, width: int, dark: bool
) -> None:
    name = f"forgetful{width}"
    email = register(api, name)
    async with opened("/dev/mailbox", width=width, dark=dark) as visit:
        page = visit.page
        link = await reset_link(page, email)
        await page.screenshot(path=tmp_path / "mailbox.png")
        assert scan(api, link) == [200] * 5
        await page.get_by_role("link", name=link).click()
        await page.wait_for_url("**/account/reset-password")
        assert await page.evaluate("location.href") == link.partition("#")[0]
        await page.screenshot(path=tmp_path / "page.png")

        await page.get_by_label("New password").fill("short")
        await page.get_by_role("button", name="Set password").click()
        await expect(page.get_by_text("Must have at least 12 characters.")).to_be_visible()
        await expect(page.get_by_label("New password")).to_be_focused()
        await expect(page.get_by_label("New password")).to_have_attribute("aria-invalid", "true")
        await page.screenshot(path=tmp_path / "weak.png")

        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Your password is set")).to_be_focused()
        await page.screenshot(path=tmp_path / "done.png")

        assert await page.title() == "Your password is set · Acme Notes"
        assert await page.locator("input").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        visit.assert_no_errors(error_responses=1)
    assert [login(api, name, password) for password in (NEW_PASSWORD, "Correct-Horse-7-Staple")] == [200, 401]


@pytest.mark.parametrize(
    "pasted", [f"  {TOKEN}\n", f"https://auth.example.com/account/report#token={TOKEN}"], ids=["code", "link"]
)
async def test_code_or_link_can_be_pasted_without_the_fragment(opened: Opener, pasted: str) -> None:
    async with opened("/account/report") as visit:
        sent = await respond_with(visit.page, "/api/auth/sessions/report", (200, {"message": "Done."}))

        await visit.page.get_by_label("Code from the e-mail").fill(pasted)
        await visit.page.get_by_role("button").click()
        await expect(visit.page.get_by_role("heading", name="All devices are logged out")).to_be_visible()

        assert sent == [{"token": TOKEN}]
        visit.assert_no_errors()


async def test_invalid_token_shows_an_error_and_the_field_for_another_one(opened: Opener) -> None:
    async with opened("/account/reset-password#token=ot_wrong") as visit:
        field = visit.page.get_by_label("Code from the e-mail")
        await expect(field).to_be_hidden()
        await visit.page.get_by_label("New password").fill(NEW_PASSWORD)
        await visit.page.get_by_role("button").click()

        await expect(visit.page.get_by_text("This code is not valid")).to_be_visible()
        await expect(field).to_be_focused()
        await expect(field).to_have_accessible_description(
            re.compile(r"^The link in the e-mail contains it\..* This code is not valid\. ")
        )
        visit.assert_no_errors(error_responses=1)


@pytest.mark.parametrize(
    ("path", "label", "route"),
    [
        ("/account/reset-password", "New password", "/api/auth/password/forgot"),
        ("/account/verify-email", "Your password", "/api/auth/email/resend"),
    ],
)
async def test_used_link_offers_to_send_a_new_mail(
    opened: Opener, tmp_path: Path, path: str, label: str, route: str
) -> None:
    async with opened(f"{path}#token=ot_used") as visit:
        page = visit.page
        limited = (429, problem("RATE_LIMITED"))
        sent = await respond_with(page, route, limited, (202, {"message": "Sent."}), headers={"retry-after": "17"})
        offer = page.get_by_role("button", name="Send a new e-mail")
        await expect(offer).to_be_hidden()

        await page.get_by_label(label, exact=True).fill(NEW_PASSWORD)
        await page.keyboard.press("Enter")
        await expect(offer).to_be_visible()
        await page.screenshot(path=tmp_path / "offer.png", full_page=True)
        await offer.click()
        await expect(page.get_by_role("textbox", name="E-mail address")).to_be_focused()
        await page.get_by_role("textbox", name="E-mail address").fill("ada@example.com")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert").filter(has_text="17 seconds")).to_be_visible()
        await offer.click()
        await expect(page.get_by_role("heading", name="Check your inbox")).to_be_focused()

        assert sent == [{"email": "ada@example.com"}] * 2
        await page.goto(f"{page.url}#token={TOKEN}")
        await expect(offer).to_be_hidden()
        await expect(page.get_by_label(label, exact=True)).to_have_value("")
        visit.assert_no_errors(error_responses=2)


async def test_second_link_in_the_same_tab_replaces_the_token(opened: Opener) -> None:
    async with opened("/account/report#token=ot_old") as visit:
        await visit.page.goto(f"{visit.page.url}#token={TOKEN}")
        sent = await respond_with(visit.page, "/api/auth/sessions/report", (200, {"message": "Done."}))

        await visit.page.get_by_role("button").click()
        await expect(visit.page.get_by_role("heading", name="All devices are logged out")).to_be_visible()

        assert sent == [{"token": TOKEN}]
        assert "#" not in visit.page.url


@pytest.mark.parametrize(
    ("path", "route", "button", "done"),
    [
        ("/account/confirm-email", "/api/auth/email/confirm-change", "Verify", "Your e-mail address has been changed"),
        (
            "/account/undo-email",
            "/api/auth/email/undo-change",
            "Undo the change",
            "Your previous e-mail address is restored",
        ),
        ("/account/report", "/api/auth/sessions/report", "Log out all devices", "All devices are logged out"),
    ],
)
async def test_token_is_sent_only_when_the_button_is_pressed(
    opened: Opener, path: str, route: str, button: str, done: str
) -> None:
    async with opened(f"{path}#token={TOKEN}") as visit:
        sent = await respond_with(visit.page, route, (200, {"message": "Done."}))
        await visit.page.wait_for_load_state("networkidle")
        assert sent == []

        await visit.page.get_by_role("button", name=button).click()
        await expect(visit.page.get_by_role("heading", name=done)).to_be_focused()

        assert sent == [{"token": TOKEN}]
        visit.assert_no_errors()


async def test_correct_password_verifies_the_address(opened: Opener) -> None:
    async with opened(f"/account/verify-email#token={TOKEN}") as visit:
        page = visit.page
        wrong = (401, problem("INVALID_CREDENTIALS"))
        sent = await respond_with(page, "/api/auth/email/verify", wrong, (200, {"message": "Verified."}))

        await page.get_by_label("Your password").fill(" wrong ")
        await page.get_by_role("button", name="Verify", exact=True).click()
        await expect(page.get_by_text("This is not the password of the account.")).to_be_visible()
        await expect(page.get_by_label("Your password")).to_be_focused()
        await page.get_by_label("Your password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Verify", exact=True).click()
        await expect(page.get_by_role("heading", name="Your e-mail address is verified")).to_be_focused()

        assert sent == [{"token": TOKEN, "password": " wrong "}, {"token": TOKEN, "password": NEW_PASSWORD}]
        visit.assert_no_errors(error_responses=1)


async def test_address_is_verified_without_a_password_and_a_new_one_chosen(opened: Opener) -> None:
    async with opened(f"/account/verify-email#token={TOKEN}") as visit:
        page = visit.page
        verified = (200, {"message": "Verified.", "password_reset_token": RESET_TOKEN})
        verifying = await respond_with(page, "/api/auth/email/verify", verified)
        resetting = await respond_with(page, "/api/auth/password/reset", (200, {"message": "Set."}))

        await page.get_by_label("Your password").fill("typed before")
        await page.get_by_role("button", name="Verify without a password").click()
        await expect(page.get_by_role("heading", name="Choose a password")).to_be_focused()
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Set password").click()
        await expect(page.get_by_role("heading", name="Your e-mail address is verified")).to_be_focused()

        assert verifying == [{"token": TOKEN}]
        assert resetting == [{"token": RESET_TOKEN, "new_password": NEW_PASSWORD}]
        visit.assert_no_errors()


async def test_username_that_is_no_longer_available_is_requested_again(opened: Opener) -> None:
    async with opened(f"/account/verify-email#token={TOKEN}") as visit:
        page = visit.page
        taken = (409, problem("DUPLICATE_USERNAME"))
        sent = await respond_with(page, "/api/auth/email/verify", taken, (200, {"message": "Verified."}))
        await expect(page.get_by_label("Username")).to_be_hidden()

        await page.get_by_label("Your password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Verify", exact=True).click()
        await expect(page.get_by_label("Username")).to_be_focused()
        await page.get_by_label("Username").fill("ada2")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Your e-mail address is verified")).to_be_focused()

        assert sent[1] == {"token": TOKEN, "username": "ada2", "password": NEW_PASSWORD}
        visit.assert_no_errors(error_responses=1)


async def test_error_without_a_field_is_shown_above_the_button(opened: Opener) -> None:
    responses = {
        "An account with this e-mail address already exists.": (409, problem("DUPLICATE_EMAIL")),
        "Too many attempts from your network. Please try again in 17 seconds.": (429, problem("RATE_LIMITED")),
        "This is not possible at the moment. Please try again in a few seconds.": (
            503,
            problem("DATABASE_UNAVAILABLE"),
        ),
        "The API's own text for ANYTHING_NEW.": (400, problem("ANYTHING_NEW")),
    }
    async with opened(f"/account/report#token={TOKEN}") as visit:
        page = visit.page
        await respond_with(page, "/api/auth/sessions/report", *responses.values(), headers={"retry-after": "17"})
        for text in responses:
            await page.get_by_role("button").click()
            await expect(page.get_by_role("alert")).to_contain_text(text)

        await page.unroute_all()
        await page.route("**/api/**", lambda route: route.abort())
        await page.get_by_role("button").click()
        await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")


async def test_missing_fields_are_shown_before_a_request_is_sent(opened: Opener) -> None:
    async with opened("/account/reset-password") as visit:
        sent = await respond_with(visit.page, "/api/auth/password/reset")

        await visit.page.get_by_role("button").click()

        await expect(visit.page.get_by_text("Please fill in this field.")).to_have_count(2)
        await expect(visit.page.get_by_label("Code from the e-mail")).to_be_focused()
        assert sent == []


async def test_markup_in_responses_and_urls_is_shown_as_text(opened: Opener) -> None:
    markup = "<img src=x onerror=alert(1)>"
    weak = problem("WEAK_PASSWORD", {"field": "new_password", "code": "odd", "message": markup})
    async with opened(f"/account/reset-password?x={markup}#token={TOKEN}&{markup}") as visit:
        page = visit.page
        await respond_with(page, "/api/auth/password/reset", (400, weak), (400, {"error_code": "X", "detail": markup}))
        await page.get_by_label("New password").fill(NEW_PASSWORD)

        await page.get_by_role("button").click()
        await expect(page.get_by_text(markup)).to_be_visible()
        await page.get_by_role("button").click()
        await expect(page.get_by_role("alert")).to_have_text(markup)

        assert await page.locator("img").count() == 0
        assert "?" not in page.url
        visit.assert_no_errors(error_responses=2)


async def test_content_policy_forbids_scripts_to_write_markup(opened: Opener) -> None:
    async with opened("/account/report") as visit:
        refused = await visit.page.evaluate("try { document.body.innerHTML = '<b>x</b>' } catch (error) { error.name }")

        assert refused == "TypeError"


async def test_page_can_be_used_with_the_keyboard_only(opened: Opener) -> None:
    async with opened(f"/account/reset-password#token={TOKEN}") as visit:
        page = visit.page
        password = page.get_by_label("New password")

        await page.keyboard.press("Tab")
        await expect(password).to_be_focused()
        await expect(password).to_have_attribute("autocomplete", "new-password")
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("Show password")).to_be_focused()
        await page.keyboard.press("Space")
        await expect(password).to_have_attribute("type", "text")
        await page.keyboard.press("Space")
        await expect(password).to_have_attribute("type", "password")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button")).to_be_focused()


async def test_page_without_javascript_says_that_it_needs_it(opened: Opener) -> None:
    async with opened("/account/reset-password", scripts=False) as visit:
        await expect(visit.page.get_by_text("This page needs JavaScript")).to_be_visible()
        await expect(visit.page.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)], ids=["desktop-light", "small-dark"])
async def test_page_fits_the_window_and_has_enough_contrast(
    opened: Opener, tmp_path: Path, width: int, dark: bool
) -> None:
    async with opened(PAGES[0], width=width, dark=dark) as visit:
        page = visit.page
        base_url = page.url.removesuffix(PAGES[0])
        for path in (*PAGES, "/", "/dev/mailbox", "/errors", "/errors/WEAK_PASSWORD", "/nope"):
            await page.goto(base_url + path)
            for button in await page.locator("button:visible").all():
                await button.click()  # so that the errors of empty fields are shown, too
            await page.screenshot(path=tmp_path / f"page{path.replace('/', '-')}.png", full_page=True)

            assert await page.evaluate(LOW_CONTRAST_TEXTS) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        visit.assert_no_errors(error_responses=1)
