"""Cookie mode in a browser: pages of sibling origins, and of others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page

from tests.conftest import DeploymentFactory
from tests.support.actors import PASSWORD
from tests.support.browser import browser_page
from tests.support.product import Product, running_product
from tests.support.static_site import static_site

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

SEND: Final = """async ([url, options]) => {
  try {
    const response = await fetch(url, { credentials: "include", ...options });
    return [response.status, await response.json().catch(() => null)];
  } catch (error) {
    return [0, error.name];
  }
}"""
MODE: Final = {"Token-Transport": "cookie"}
COOKIE_OF_A_SIBLING: Final = "document.cookie = 'auth_refresh_' + %d + '=planted; path=/api/auth'"


class Site:
    """The product, and a page of each of three other origins: two listed ones, and one that is not."""

    def __init__(self, product: Product, first: Page, second: Page, unlisted: Page) -> None:
        self.product, self.first, self.second, self.unlisted = product, first, second, unlisted

    async def send(self, page: Page, path: str, body: str | None = None, **options: Any) -> Any:
        """Send a request in cookie mode from a page; return the status (0 if the browser refuses) and the body."""
        headers = {**MODE, **({"Content-Type": "application/json"} if body else {})}
        merged = {"method": "POST", "headers": headers, **({"body": body} if body else {}), **options}
        return await page.evaluate(SEND, [f"{self.product.origin}/api/auth{path}", merged])


@pytest.fixture
async def site(deployment_factory: DeploymentFactory, chromium: Browser) -> AsyncIterator[Site]:
    """Ports of localhost are different origins of one site, as the hosts of a domain are."""
    files = {"/": "<title>Page</title>"}
    async with AsyncExitStack() as stack:
        origins = [stack.enter_context(static_site(files)) for _ in range(3)]
        listed = ",".join((*origins[:2], origins[0].replace("localhost", "127.0.0.1")))
        product = stack.enter_context(running_product(await deployment_factory(), workers=2, COOKIE_ORIGINS=listed))
        visit = await stack.enter_async_context(browser_page(chromium))
        pages = [visit.page, *[await visit.page.context.new_page() for _ in range(2)]]
        for page, origin in zip(pages, origins, strict=True):
            await page.goto(origin)
        yield Site(product, *pages)


async def register(site: Site) -> None:
    fields = f'"email": "ada@example.com", "username": "ada", "password": "{PASSWORD}"'
    status, document = await site.send(site.first, "/register", f"{{{fields}}}")
    assert (status, "refresh_token" in document) == (201, False)


async def cookies(page: Page) -> list[tuple[str | None, Any, Any]]:
    return [(each.get("name"), each.get("httpOnly"), each.get("sameSite")) for each in await page.context.cookies()]


async def test_listed_siblings_share_the_session_of_the_browser(site: Site) -> None:
    await register(site)
    port = site.product.server.port

    assert await cookies(site.first) == [(f"auth_refresh_{port}", True, "Strict")]
    assert await site.first.evaluate("document.cookie") == ""
    assert [(await site.send(page, "/refresh"))[0] for page in (site.first, site.second)] == [200, 200]

    await site.product.deployment.execute("UPDATE refresh_tokens SET created_at = '2026-01-01 00:00:00+00:00'")
    refreshed = await asyncio.gather(*(site.send(page, "/refresh") for page in (site.first, site.second) * 10))
    assert {status for status, _ in refreshed} == {200}
    assert await site.product.deployment.rows("SELECT count(*) FROM refresh_tokens") == [(2,)]

    assert (await site.send(site.second, "/logout"))[0] == 200
    assert await cookies(site.first) == []
    assert (await site.send(site.first, "/refresh"))[1]["error_code"] == "AUTHENTICATION_REQUIRED"


async def test_other_origin_reaches_no_session(site: Site) -> None:
    await register(site)

    refused = [await site.send(site.unlisted, path) for path in ("/refresh", "/logout", "/logout-all")]
    opaque = await site.send(site.unlisted, "/logout", mode="no-cors")
    await site.unlisted.evaluate(
        """(action) => {
          const form = Object.assign(document.createElement("form"), { method: "post", action, enctype: "text/plain" });
          document.body.append(form);
          form.submit();
        }""",
        f"{site.product.origin}/api/auth/logout",
    )
    await site.unlisted.wait_for_url("**/api/auth/logout")

    assert refused == [[0, "TypeError"]] * 3
    assert opaque == [0, None]
    assert (await site.send(site.first, "/refresh"))[0] == 200


async def test_page_of_another_site_gets_no_cookie(site: Site) -> None:
    """127.0.0.1 and localhost are two sites. Such a page is refused although the server lists its origin."""
    await register(site)
    other = await site.first.context.new_page()
    await other.goto(site.first.url.replace("localhost", "127.0.0.1"))

    status, problem = await site.send(other, "/refresh")
    assert (status, problem["rule"]) == (403, "cross_site")
    assert (await site.send(site.first, "/refresh"))[0] == 200


async def test_cookie_of_a_sibling_cannot_take_the_place_of_the_own_one(site: Site) -> None:
    """A page of the site plants a second cookie of the name: the request is refused, and the session stays."""
    await register(site)
    await site.unlisted.evaluate(COOKIE_OF_A_SIBLING % site.product.server.port)

    assert (await site.send(site.first, "/refresh"))[1]["error_code"] == "TOKEN_INVALID"
    assert await site.product.deployment.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(1,)]
