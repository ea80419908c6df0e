"""Log in by the company's Keycloak, whose groups give roles, in Chromium, with two workers of auth_api."""

from typing import Any, Final

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.providers.conftest import Federation
from tests.providers.running import KEYCLOAK_PASSWORD
from tests.support.browser import browser_page
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.providers, pytest.mark.engine_independent]

LOGIN: Final = "/account/login"


class KeycloakAdministrator:
    """Changes the realm by Keycloak's own admin API."""

    def __init__(self, issuer: str) -> None:
        self._base, _, realm = issuer.partition("/realms/")
        self._realm = f"{self._base}/admin/realms/{realm}"

    def _call(self, method: str, path: str, json: Any = None) -> Any:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": "admin"}
        with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            login = client.post(f"{self._base}/realms/master/protocol/openid-connect/token", data=form)
            headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
            response = client.request(method, self._realm + path, json=json, headers=headers).raise_for_status()
        return response.json() if response.content else None

    def leave_group(self, username: str, group: str) -> None:
        """Remove a person from a group."""
        user = next(each for each in self._call("GET", "/users") if each["username"] == username)["id"]
        group_id = next(each for each in self._call("GET", "/groups") if each["name"] == group)["id"]
        self._call("DELETE", f"/users/{user}/groups/{group_id}")

    def rotate_signing_key(self) -> None:
        """Let the realm sign with a new key from now on."""
        realm = self._call("GET", "")
        provider = {
            "name": "newer-key",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]},
        }
        self._call("POST", "/components", provider)


async def log_in_upstream(page: Page) -> None:
    """Log in as Ada on Keycloak's page."""
    await page.get_by_label("Username or email").fill("ada")
    await page.get_by_label("Password", exact=True).fill(KEYCLOAK_PASSWORD)
    await page.get_by_role("button", name="Sign In").click()


async def begin(page: Page, origin: str) -> None:
    await page.goto(origin + LOGIN)
    await page.get_by_role("link", name="Company").click()
    await log_in_upstream(page)


async def roles_of(federation: Federation) -> list[tuple[str, str]]:
    return await federation.product.deployment.rows(
        "SELECT users.username, roles.name FROM user_roles JOIN users ON users.id = user_roles.user_id "
        "JOIN roles ON roles.id = user_roles.role_id WHERE user_roles.identity_id IS NOT NULL"
    )


async def test_groups_give_roles_until_the_next_login_without_them(
    with_keycloak: Federation, chromium: Browser
) -> None:
    origin, administrator = with_keycloak.product.origin, KeycloakAdministrator(with_keycloak.upstream.issuer)
    async with browser_page(chromium) as visit:
        page = visit.page
        await begin(page, origin)
        await expect(page.get_by_label("Username")).to_have_value("ada")
        await page.get_by_role("button", name="Create account").click()
        await page.wait_for_url(f"{origin}/account")
    assert await roles_of(with_keycloak) == [("ada", "support")]

    administrator.leave_group("ada", "helpdesk")
    administrator.rotate_signing_key()
    async with browser_page(chromium) as visit:
        await begin(visit.page, origin)
        await visit.page.wait_for_url(f"{origin}/account")

    assert await roles_of(with_keycloak) == []
