"""Accepting an invitation in real browsers, from the mail to the account."""

from itertools import count
from typing import Final

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Opener
from tests.support.actors import PASSWORD
from tests.support.keyboard import KeyboardUser
from tests.support.product import Product

pytestmark = pytest.mark.slow

INVITATION: Final = "/account/invitation"

_numbers = count(1)


def register(api: httpx.Client, name: str) -> str:
    """Register a person, and return an access token."""
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    response = api.post("/api/auth/register", json=body)
    assert response.status_code == 201
    return str(response.json()["access_token"])


async def give(product: Product, username: str, role: str) -> None:
    """Verify the address of a person, and give them a role."""
    execute = product.deployment.execute
    await execute(f"UPDATE users SET email_verified_at = created_at WHERE username = '{username}'")  # noqa: S608
    await execute(
        "INSERT INTO user_roles (user_id, role_id, granted_at) SELECT users.id, roles.id, users.created_at "  # noqa: S608
        f"FROM users, roles WHERE users.username = '{username}' AND roles.name = '{role}'"
    )


def invite(api: httpx.Client, token: str, email: str) -> None:
    """Invite a person as the administrator of an access token."""
    body = {"email": email, "roles": ["support"]}
    response = api.post("/api/admin/invitations", json=body, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 201, response.text


async def invited(product: Product, api: httpx.Client, email: str) -> tuple[str, str]:
    """Let an administrator invite a person. Return the name of the administrator and the link in the mail."""
    inviter = f"inviter{next(_numbers)}"
    token = register(api, inviter)
    await give(product, inviter, "administrator")
    invite(api, token, email)
    return inviter, await product.mailed_link(email, INVITATION)


async def shows(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


async def test_new_person_joins_with_the_keyboard_only_and_without_scripts(
    opened: Opener, product: Product, api: httpx.Client
) -> None:
    inviter, link = await invited(product, api, "joiner@example.com")
    async with opened(INVITATION, scripts=False) as visit:
        page, user = visit.page, KeyboardUser(visit.page)
        await user.type_into("Code from the e-mail", link)
        await user.submit()
        await shows(page, "You are invited to Acme Notes")
        await expect(page.get_by_text(f"The invitation is from {inviter}.")).to_be_visible()
        await user.type_into("Username", inviter)
        await user.type_into("Password", PASSWORD)
        await user.submit()
        await expect(page.get_by_role("alert")).to_be_focused()
        await user.type_into("Username", "joiner")
        await user.type_into("Password", PASSWORD)
        await user.press("Create account")
        await shows(page, "Your account")
        await expect(page.get_by_text("Verified", exact=True)).to_be_visible()
        assert user.unmarked == []
        visit.assert_no_errors(error_responses=1)


async def test_owner_of_the_address_logs_in_on_the_way_and_accepts_in_each_browser(
    opened_in_each: Opener, product: Product, api: httpx.Client
) -> None:
    name = f"owner{next(_numbers)}"
    register(api, name)
    await give(product, name, "auditor")
    _, link = await invited(product, api, f"{name}@example.com")
    async with opened_in_each("/errors") as visit:
        page = visit.page
        await page.goto(link)
        await shows(page, "You are invited to Acme Notes")
        assert "#" not in page.url
        await page.get_by_role("link", name="Log in").click()
        await expect(page.get_by_label("Username or e-mail address")).to_have_value(f"{name}@example.com")
        await page.get_by_role("link", name="Deutsch").click()
        await page.get_by_role("link", name="English").click()
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name=f"Accept as {name}").click()
        await expect(page.get_by_role("status")).to_have_text("You have accepted the invitation.")
        assert "#" not in page.url
        visit.assert_no_errors()
