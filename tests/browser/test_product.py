"""The product that the browser tests share, and the one that they may kill."""

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Opener
from tests.support.actors import PASSWORD
from tests.support.product import Product
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow


async def register(product: Product, name: str) -> str:
    """Create an account, request a link for a new password, and return the e-mail address."""
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    async with client_of(product) as api:
        assert (await api.post("/api/auth/register", json=body)).status_code == 201
        assert (await api.post("/api/auth/password/forgot", json={"email": body["email"]})).status_code == 202
    return body["email"]


def client_of(product: Product) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS)


async def test_mailed_link_opens_in_each_browser(
    opened_in_each: Opener, product: Product, each_browser: Browser
) -> None:
    email = await register(product, f"{each_browser.browser_type.name}_reader")
    link = await product.mailed_link(email, "/account/reset-password")

    async with opened_in_each(link.removeprefix(product.origin), width=390) as visit:
        await expect(visit.page.get_by_role("heading", level=1)).to_be_visible()

        assert visit.page.url == product.origin + "/account/reset-password"
        assert visit.requested_origins() == {product.origin}
        visit.assert_no_errors()


async def test_killed_product_starts_again_with_its_users(own_product: Product) -> None:
    email = await register(own_product, "ada")
    await own_product.mailed_link(email, "/account/reset-password")
    own_product.server.kill()
    own_product.server.start()

    async with client_of(own_product) as api:
        login = await api.post("/api/auth/login", json={"username": "ada", "password": PASSWORD})
    assert login.status_code == 200
