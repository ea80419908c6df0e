"""The pages of API keys in a browser, without scripts and with a proof of identity on the way."""

from typing import Final

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import Opener
from tests.support.actors import PASSWORD
from tests.support.keyboard import KeyboardUser
from tests.support.product import Product

pytestmark = pytest.mark.slow

LOGIN: Final = "/account/login?continue=/account/keys"


def register(api: httpx.Client, name: str) -> None:
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    assert api.post("/api/auth/register", json=body).status_code == 201


def status_of(api: httpx.Client, key: str) -> int:
    return api.get("/api/user/profile", headers={"Authorization": f"Bearer {key}"}).status_code


async def test_key_is_created_and_revoked_with_the_keyboard_only_and_without_scripts(
    opened: Opener, product: Product, api: httpx.Client
) -> None:
    register(api, "keyholder")
    await product.deployment.execute("UPDATE users SET email_verified_at = created_at WHERE username = 'keyholder'")
    async with opened(LOGIN, scripts=False) as visit:
        page, user = visit.page, KeyboardUser(visit.page)
        await user.type_into("Username or e-mail address", "keyholder")
        await user.type_into("Password", PASSWORD)
        await user.submit()
        await user.follow("Create a key")
        await user.press("Create key")
        await expect(page.get_by_role("alert")).to_be_focused()
        await user.type_into("Name", "Backup <script>")
        await user.press("Create key")
        key = await page.locator("#secret").inner_text()
        assert status_of(api, key) == 200
        await user.follow("I have saved the key")
        await expect(page.get_by_role("listitem").filter(has_text="Backup <script>")).to_be_visible()
        assert key not in await page.content()
        await user.press("Revoke Backup <script>")
        await expect(page.get_by_role("status")).to_contain_text("no longer works")
        assert status_of(api, key) == 401
        assert user.unmarked == []
        visit.assert_no_errors(error_responses=1)


async def test_key_is_created_after_a_proof_of_identity_and_copied(
    opened: Opener, product: Product, api: httpx.Client
) -> None:
    register(api, "prover")
    await product.deployment.execute("UPDATE users SET email_verified_at = created_at WHERE username = 'prover'")
    async with opened(LOGIN) as visit:
        page = visit.page
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_label("Username or e-mail address").fill("prover")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("API keys")
        await product.deployment.execute(
            "UPDATE sessions SET auth_time = '2026-01-01 00:00:00+00:00' "
            "WHERE user_id = (SELECT id FROM users WHERE username = 'prover')"
        )
        await page.get_by_role("link", name="Create a key").click()
        await page.get_by_role("link", name="Continue").click()
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_label("Name").fill("Laptop")
        await page.get_by_label("profile:read").check()
        await page.get_by_role("button", name="Create key").click()
        await page.get_by_role("button", name="Copy").click()
        key = await page.locator("#secret").inner_text()
        assert await page.evaluate("navigator.clipboard.readText()") == key
        assert status_of(api, key) == 200
        visit.assert_no_errors()
