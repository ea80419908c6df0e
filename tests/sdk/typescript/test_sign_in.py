"""Log in by the TypeScript client in a real browser: codes, passkeys, the hosted pages, a provider."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, expect

from tests.conftest import DeploymentFactory
from tests.sdk.typescript.test_package import run
from tests.support.actors import PASSWORD
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installed_browsers import chromium_or_skip
from tests.support.page_forms import send_form
from tests.support.product import Product, running_product
from tests.support.static_site import static_site
from tests.support.virtual_authenticator import add_virtual_authenticator

pytestmark = [pytest.mark.slow, pytest.mark.engine_independent]

PAGE: Final = """<!doctype html><title>App</title><script type="module">
import { createAuthClient } from "/sdk.js";
window.auth = createAuthClient({ baseUrl: "AUTH", mode: new URLSearchParams(location.search).get("mode") ?? "cookie" });
window.hashAtStart = location.hash;
window.cameBack = auth.handleRedirect().catch((error) => ({ error: error.code, problem: error.problem }));
</script>"""

CALL: Final = """async ([name, ...values]) => {
  const work = name.split(".").reduce((object, part) => object[part].bind?.(object) ?? object[part], auth);
  try {
    return { value: await work(...values) };
  } catch (error) {
    return { code: error.code ?? error.name, problem: error.problem };
  }
}"""


@dataclass
class App:
    """The page of an application, and the server that it logs in at."""

    product: Product
    origin: str
    page: Page

    async def open(self, mode: str) -> None:
        """Open the page."""
        await self.page.goto(f"{self.origin}/?mode={mode}")
        await self.page.wait_for_function("window.auth")

    async def call(self, name: str, *values: Any) -> dict[str, Any]:
        """Call a method of the client; return its `value`, or `code` and `problem` of its error."""
        found: dict[str, Any] = await self.page.evaluate(CALL, [name, *values])
        return found

    async def state(self) -> str:
        """Return the status and the user."""
        return str(
            await self.page.evaluate("auth.ready.then(() => `${auth.state.status} ${auth.state.user?.username ?? ''}`)")
        )

    async def register(self) -> None:
        """Create the account of Ada, who is then logged in, with a verified e-mail address."""
        person = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
        assert "value" in await self.call("register", person)
        await self.product.deployment.execute("UPDATE users SET email_verified_at = created_at")


@pytest.fixture
async def app(package: Path, deployment_factory: DeploymentFactory, tmp_path: Path) -> AsyncIterator[App]:
    bundle = tmp_path / "sdk.js"
    run(
        "npx",
        "--no-install",
        "esbuild",
        "dist/index.js",
        "--bundle",
        "--format=esm",
        f"--outfile={bundle}",
        folder=package,
    )
    files = {"/sdk.js": bundle.read_text(encoding="utf-8")}
    with static_site(files) as origin:
        addresses = ",".join(f'"{origin}/?mode={mode}"' for mode in ("cookie", "token"))
        urls = f"[{addresses}]"
        with running_product(
            await deployment_factory(), RETURN_URLS=urls, COOKIE_ORIGINS=origin, CORS_ORIGINS=origin, PROVIDERS="dev"
        ) as product:
            page_text = PAGE.replace("AUTH", product.origin)
            files.update({f"/?mode={mode}": page_text for mode in ("cookie", "token")})
            async with chromium_or_skip() as browser:
                page = await (await browser.new_context()).new_page()
                yield App(product, origin, page)


@pytest.mark.parametrize("mode", ["cookie", "token"])
async def test_login_needs_a_code_after_an_authenticator_app_was_added(app: App, mode: str) -> None:
    await app.open(mode)
    await app.register()
    begun = (await app.call("api.POST", "/api/user/totp", {"body": {}}))["value"]
    phone = AuthenticatorApp(begun["secret"])
    await app.call("api.POST", "/api/user/totp/confirm", {"body": {"code": phone.code()}})
    await app.call("logout")

    refused = await app.call("login", {"username": "ada", "password": PASSWORD})
    assert (refused["code"], await app.state()) == ("MFA_REQUIRED", "signed-out ")
    token = refused["problem"]["mfa_token"]
    wrong = await app.call("mfa", {"mfaToken": token, "method": "totp", "code": "000000"})
    assert wrong["code"] == "FACTOR_INVALID"
    assert "value" in await app.call("mfa", {"mfaToken": token, "method": "totp", "code": phone.code()})
    await app.page.reload()
    assert await app.state() == "signed-in ada"


@pytest.mark.parametrize("has_json", [True, False])
async def test_passkey_is_added_and_logs_in(app: App, has_json: bool) -> None:
    """Also in a browser that cannot convert passkeys to and from JSON itself."""
    if not has_json:
        await app.page.add_init_script(
            "delete PublicKeyCredential.parseCreationOptionsFromJSON;"
            "delete PublicKeyCredential.parseRequestOptionsFromJSON;"
            "PublicKeyCredential.prototype.toJSON = () => { throw new TypeError('unsupported') };"
        )
    await app.open("cookie")
    await add_virtual_authenticator(app.page)
    await app.register()

    added = (await app.call("addPasskey", {"name": "Laptop"}))["value"]
    assert (added["passkey"]["name"], len(added["recovery_codes"])) == ("Laptop", 10)
    await app.call("logout")
    assert "value" in await app.call("passkeyLogin")
    assert await app.state() == "signed-in ada"
    before = await app.call("accessToken")
    assert "value" in await app.call("stepUp", {"method": "passkey"})
    assert await app.call("accessToken") != before
    (factors,) = [(await app.call("api.GET", "/api/user/factors"))["value"]]
    (passkey,) = factors["passkeys"]
    await app.product.deployment.execute("DELETE FROM passkeys")
    await app.call("logout")
    assert (await app.call("passkeyLogin"))["code"] == "PASSKEY_UNKNOWN"
    assert passkey["name"] == "Laptop"


@pytest.mark.parametrize("mode", ["cookie", "token"])
async def test_hosted_login_comes_back_with_a_session_and_a_clean_address(app: App, mode: str) -> None:
    page, address = app.page, f"{app.origin}/?mode={mode}"
    await app.open(mode)
    await page.evaluate(
        "([returnTo]) => void auth.signIn({ returnTo, then: '/notes/7', loginHint: 'ada', lang: 'de' })", [address]
    )
    await page.wait_for_url("**/account/login*")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await page.goto(page.url.replace("lang=de", "lang=en").replace("/account/login", "/account/register"))
    await send_form(page, "/account/register", email="ada@example.com", username="ada", password=PASSWORD)
    await page.wait_for_function("window.auth")

    assert await page.evaluate("cameBack") == {"status": "signed-in", "then": "/notes/7"}
    assert (await app.state(), page.url) == ("signed-in ada", address)
    code = await page.evaluate("hashAtStart")
    assert code.startswith("#code=fc_")
    stored = await page.evaluate("JSON.stringify({ ...sessionStorage })")
    assert stored == "{}"

    other_tab = await page.context.new_page()
    await other_tab.goto(f"{address}{code}")
    await other_tab.wait_for_function("window.auth")
    assert await other_tab.evaluate("cameBack") == {"status": "none"}
    assert other_tab.url == address

    await page.evaluate("([returnTo]) => void auth.logout({ hosted: { returnTo } })", [address])
    await page.wait_for_url("**/account/logout*")
    await page.get_by_role("button", name="Log out", exact=True).click()
    await page.wait_for_url(f"{address}*")
    await page.wait_for_function("window.auth")
    assert await app.state() == "signed-out "


async def test_replayed_code_changes_nothing(app: App) -> None:
    page, address = app.page, f"{app.origin}/?mode=token"
    await app.open("token")
    await app.register()
    verifier = '{"verifier":"' + "v" * 43 + '"}'
    await page.evaluate(
        "([key, value]) => sessionStorage.setItem(key, value)", [f"auth_api:{app.product.origin}:sign-in", verifier]
    )
    await page.goto("about:blank")
    await page.goto(f"{address}#code=fc_replayed")
    await page.wait_for_function("window.auth")

    assert (await page.evaluate("cameBack"))["error"] == "FLOW_INVALID"
    assert (await app.state(), page.url) == ("signed-in ada", address)


async def test_provider_asks_for_a_sign_up(app: App) -> None:
    page, address = app.page, f"{app.origin}/?mode=cookie"
    await app.open("cookie")
    await page.evaluate("([returnTo]) => void auth.signIn({ returnTo, provider: 'dev' })", [address])
    await page.wait_for_url("**/dev/provider*")
    await page.get_by_role("button").first.click()
    await page.wait_for_url(f"{address}*")
    await page.wait_for_function("window.auth")

    result = await page.evaluate("cameBack")
    assert result["error"] == "SIGN_UP_REQUIRED"
    body = {"signup_token": result["problem"]["signup_token"], "username": "vera", "email": "vera@example.com"}
    assert await app.state() == "signed-out "
    assert "value" in await app.call("api.POST", "/api/auth/providers/register", {"body": body})
