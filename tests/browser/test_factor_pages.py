"""Logins with passkeys and second factors in a real browser, on a server that requires second factors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, CDPSession, Page, expect

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Visit, browser_page, until_true
from tests.support.keyboard import KeyboardUser
from tests.support.product import Product, running_product
from tests.support.virtual_authenticator import add_virtual_authenticator
from tests.support.waiting import TIMEOUT_SECONDS, until

pytestmark = pytest.mark.slow

OPTIONS = "/api/auth/passkey/options"

MINUTES = 60_000

NO_AUTOFILL = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;"
# A browser has one request at a time. Autofill waits until the person chooses a passkey; the virtual authenticator does
# that at once.
ONE_REQUEST = """const get = CredentialsContainer.prototype.get;
CredentialsContainer.prototype.get = function (options) {
  if (window.offered && !window.offered.aborted) throw new DOMException("A request is already pending.");
  if (options.mediation !== "conditional") return get.call(this, options);
  window.offered = options.signal;
  return new Promise((_, reject) => options.signal.addEventListener("abort", () => reject(options.signal.reason)));
};"""
REPORTED = """PublicKeyCredential.signalUnknownCredential = async ({ rpId, credentialId }) => {
  sessionStorage.setItem("reported", JSON.stringify([rpId, credentialId.length > 0]));
};"""


@pytest.fixture(scope="module")
async def requiring(deployment_factory: DeploymentFactory) -> AsyncIterator[Product]:
    """A product that requires second factors."""
    with running_product(await deployment_factory(), workers=2, MFA_POLICY="required") as running:
        yield running


async def register(product: Product, name: str) -> None:
    """Create an account whose e-mail address is verified."""
    email = f"{name}@example.com"
    async with httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as api:
        account = {"email": email, "username": name, "password": PASSWORD}
        assert (await api.post("/api/auth/register", json=account)).status_code == 201
        link = await product.mailed_link(email, "/account/verify-email")
        body = {"token": link.partition("token=")[2], "password": PASSWORD}
        assert (await api.post("/api/auth/email/verify", json=body)).status_code == 200


@asynccontextmanager
async def authenticating(product: Product, chromium: Browser) -> AsyncIterator[tuple[Visit, CDPSession, str]]:
    """Open a window with a virtual authenticator, which `set_verified` makes fail."""
    async with browser_page(chromium) as visit:
        devtools, authenticator = await add_virtual_authenticator(visit.page)
        yield visit, devtools, authenticator


async def set_verified(devtools: CDPSession, authenticator: str, *, is_verified: bool) -> None:
    """Let the person pass or fail at the authenticator, which asks for a fingerprint."""
    await devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": is_verified})


async def send_password(page: Page, product: Product, name: str, target: str = "/account") -> None:
    """Send the username and the password."""
    await page.goto(f"{product.origin}/account/login?again=1&continue={target}")
    await page.get_by_label("Username or e-mail address").fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def enrol_passkey(page: Page, product: Product, name: str) -> None:
    """Log in for the first time, and create the passkey that the server requires."""
    await send_password(page, product, name)
    await page.get_by_role("button", name="Create a passkey").click()
    await page.get_by_label("Name").fill("Laptop")
    await page.get_by_role("button", name="Create a passkey").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Save your recovery codes")
    await page.get_by_role("button", name="I have saved the codes").click()
    await page.wait_for_url(f"{product.origin}/account")


async def test_passkey_completes_the_first_login_and_every_later_step(requiring: Product, chromium: Browser) -> None:
    await register(requiring, "ada")
    async with authenticating(requiring, chromium) as (visit, *_):
        page = visit.page
        await enrol_passkey(page, requiring, "ada")
        await page.context.clear_cookies()

        await page.goto(f"{requiring.origin}/account/login?continue=/account/sessions")
        await page.wait_for_url(f"{requiring.origin}/account/sessions")  # by autofill

        await page.goto(f"{requiring.origin}/account/confirm?again=1&continue=/account/history")
        await page.get_by_role("button", name="Continue with your passkey").click()
        await page.wait_for_url(f"{requiring.origin}/account/history")

        await page.context.clear_cookies()
        await page.add_init_script(NO_AUTOFILL)
        await page.goto(f"{requiring.origin}/account/login?continue=/account/sessions")
        await page.get_by_label("Keep me logged in").check()
        await page.get_by_role("button", name="Log in with a passkey").click()
        await page.wait_for_url(f"{requiring.origin}/account/sessions")
        (cookie,) = await page.context.cookies()
        assert cookie["expires"] > 0

        await page.context.clear_cookies()
        await send_password(page, requiring, "ada", "/account/history")
        await page.get_by_role("button", name="Continue with your passkey").click()
        await page.wait_for_url(f"{requiring.origin}/account/history")
        visit.assert_no_errors()


async def test_refused_ceremony_says_so_and_can_be_repeated(requiring: Product, chromium: Browser) -> None:
    await register(requiring, "bea")
    async with authenticating(requiring, chromium) as (visit, devtools, authenticator):
        page = visit.page
        await set_verified(devtools, authenticator, is_verified=False)
        await send_password(page, requiring, "bea")
        await page.get_by_role("button", name="Create a passkey").click()
        await page.get_by_role("button", name="Create a passkey").click()
        await expect(page.get_by_role("status")).to_have_text("No passkey was created. You can try again.")
        await set_verified(devtools, authenticator, is_verified=True)
        await page.get_by_role("button", name="Create a passkey").click()
        await page.get_by_role("button", name="I have saved the codes").click()
        await page.wait_for_url(f"{requiring.origin}/account")

        await page.context.clear_cookies()
        await set_verified(devtools, authenticator, is_verified=False)
        await page.add_init_script(NO_AUTOFILL)
        await send_password(page, requiring, "bea")
        button = page.get_by_role("button", name="Continue with your passkey")
        await button.click()
        await expect(page.get_by_role("status")).to_contain_text("No passkey was used.")
        await expect(button).to_be_enabled()
        await set_verified(devtools, authenticator, is_verified=True)
        await button.click()
        await page.wait_for_url(f"{requiring.origin}/account")
        visit.assert_no_errors()


async def test_old_options_are_renewed(requiring: Product, chromium: Browser) -> None:
    await register(requiring, "cora")
    async with authenticating(requiring, chromium) as (visit, devtools, authenticator):
        page = visit.page
        await enrol_passkey(page, requiring, "cora")
        await page.context.clear_cookies()
        await set_verified(devtools, authenticator, is_verified=False)
        await page.clock.install()

        await page.goto(f"{requiring.origin}/account/login")
        for count in (1, 2, 3):
            await until(lambda: sum(url.endswith(OPTIONS) for url in visit.requests) >= count)  # noqa: B023
            await page.clock.run_for(4 * MINUTES)

        await page.add_init_script(NO_AUTOFILL)
        await send_password(page, requiring, "cora")
        before = await page.locator("[data-public-key]").get_attribute("data-public-key")
        await page.clock.run_for(5 * MINUTES)
        await page.get_by_role("button", name="Continue with your passkey").click()
        form = page.locator("[data-public-key]")
        await expect(form).not_to_have_attribute("data-public-key", before or "")
        await set_verified(devtools, authenticator, is_verified=True)
        await page.get_by_role("button", name="Continue with your passkey").click()
        await page.wait_for_url(f"{requiring.origin}/account")


async def test_button_works_while_the_browser_offers_passkeys_by_autofill(
    requiring: Product, chromium: Browser
) -> None:
    await register(requiring, "gina")
    async with authenticating(requiring, chromium) as (visit, *_):
        page = visit.page
        await enrol_passkey(page, requiring, "gina")
        await page.context.clear_cookies()
        await page.add_init_script(ONE_REQUEST)
        await page.goto(f"{requiring.origin}/account/login?continue=/account/sessions")
        await until_true(page, "window.offered")
        await page.get_by_role("button", name="Log in with a passkey").click()
        await page.wait_for_url(f"{requiring.origin}/account/sessions")
        visit.assert_no_errors()


async def test_code_completes_a_login_in_each_browser(requiring: Product, each_browser: Browser) -> None:
    name = f"{each_browser.browser_type.name}_user"
    await register(requiring, name)
    async with browser_page(each_browser) as visit:
        page = visit.page
        await send_password(page, requiring, name, "/account/sessions")
        await page.get_by_role("button", name="Set up an authenticator app").click()
        app = AuthenticatorApp((await page.locator("#secret").inner_text()).replace(" ", ""))
        await page.get_by_label("Code").fill(app.code())
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("button", name="I have saved the codes").click()
        await page.wait_for_url(f"{requiring.origin}/account/sessions")

        await page.context.clear_cookies()
        await send_password(page, requiring, name, "/account/history")
        await page.get_by_label("Code").fill("000000")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label("Code").fill(app.code())
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url(f"{requiring.origin}/account/history")
        assert visit.outside_requests() == []


async def test_passkey_that_was_removed_is_reported_to_the_browser(requiring: Product, chromium: Browser) -> None:
    await register(requiring, "dora")
    async with authenticating(requiring, chromium) as (visit, *_):
        page = visit.page
        await enrol_passkey(page, requiring, "dora")
        await page.context.clear_cookies()
        await requiring.deployment.execute(
            "DELETE FROM passkeys WHERE user_id = (SELECT id FROM users WHERE username = 'dora')"
        )
        await page.add_init_script(NO_AUTOFILL + REPORTED)

        await page.goto(f"{requiring.origin}/account/login")
        await page.get_by_role("button", name="Log in with a passkey").click()
        await expect(page.locator("main")).to_have_attribute("data-error", "PASSKEY_UNKNOWN")
        reported: Any = await page.evaluate("JSON.parse(sessionStorage.getItem('reported'))")
        assert reported == ["localhost", True]
        visit.assert_no_errors(error_responses=1)


async def test_first_login_with_an_authenticator_app_needs_neither_script_nor_mouse(
    requiring: Product, chromium: Browser
) -> None:
    await register(requiring, "emma")
    async with browser_page(chromium, scripts=False) as visit:
        page, user = visit.page, KeyboardUser(visit.page)
        loads: list[str] = []
        page.on("load", lambda loaded: loads.append(loaded.url))
        await page.goto(f"{requiring.origin}/account/login")
        await user.type_into("Username or e-mail address", "emma")
        await user.type_into("Password", PASSWORD)
        await user.submit()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Add a second factor")
        await expect(page.get_by_role("button", name="Create a passkey")).to_be_hidden()
        await user.press("Set up an authenticator app")
        app = AuthenticatorApp((await page.locator("#secret").inner_text()).replace(" ", ""))
        requiring.server.kill()
        requiring.server.start()
        await user.type_into("Code", app.code())
        await user.submit()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Save your recovery codes")
        await user.press("I have saved the codes")
        await page.wait_for_url(f"{requiring.origin}/account")

        assert user.unmarked == []
        assert len(loads) <= 6
        visit.assert_no_errors()
