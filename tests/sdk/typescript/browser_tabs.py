"""Tabs of one application that uses the client, in a real browser."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, Page, Request, expect

from tests.support.actors import PASSWORD
from tests.support.browser import Visit, browser_page, until_true

NO_STORAGE: Final = (
    "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(globalThis, name,"
    " { get() { throw new DOMException('The operation is insecure.', 'SecurityError') } });"
)

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tab</title>
<style>body { font: 1.25rem system-ui, sans-serif; margin: 2rem }</style>
<h1></h1>
<p></p>
<script>
  const now = Date.now;
  let slept = 0;
  Date.now = () => now() + slept;
  function sleep(seconds) { slept += seconds * 1000; }
  BEFORE
</script>
<script type="module">
  import { createAuthClient } from "/client/index.js";
  const auth = createAuthClient({ baseUrl: "AUTH", mode: "MODE", tokenOrigins: ["AUTH", location.origin] });
  const states = [];
  function show() {
    const { status, user, stale, reason } = auth.state;
    states.push(status);
    document.querySelector("h1").textContent = status === "signed-in" ? `Signed in as ${user?.username}` : status;
    document.querySelector("p").textContent = `${reason ?? "no reason"}, ${stale ? "stale" : "up to date"}`;
  }
  auth.subscribe(show);
  Object.assign(globalThis, { auth, states });
  show();
</script>
"""


def page_of(auth_url: str, mode: str, before: str = "") -> str:
    """Return the page of the application.

    Args:
        auth_url: base URL of auth_api.
        mode: of the client: `token` or `cookie`.
        before: script that runs before the client is loaded.
    """
    return _PAGE.replace("AUTH", auth_url).replace("MODE", mode).replace("BEFORE", before)


@dataclass
class BrowserTabs:
    """Tabs that share storage and cookies.

    Attributes:
        visit: the first tab, and errors of all tabs.
        address: of the page.
        pages: all tabs.
        requests: method and path of each request to the API.
    """

    visit: Visit
    address: str
    pages: list[Page]
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def on_request(request: Request) -> None:
            if "/api/" in request.url:
                self.requests.append(f"{request.method} /api/{request.url.partition('/api/')[2]}")

        self.visit.page.context.on("request", on_request)

    @property
    def refreshes(self) -> int:
        """Number of refreshes so far."""
        return self.requests.count("POST /api/auth/refresh")

    async def open(self, number: int) -> None:
        """Open more tabs, all at the same time."""
        context = self.visit.page.context
        pages = [await context.new_page() for _ in range(number)]
        await asyncio.gather(*(page.goto(self.address) for page in pages))
        self.pages += pages

    async def register(self, username: str) -> None:
        """Create an account in the first tab, which logs in."""
        await self.run(0, f"auth.register({_account(username)})")
        await self.run(0, "(states.length = 0)")

    async def log_in(self, tab: int, username: str) -> None:
        """Log in by a password in a tab."""
        body = json.dumps({"username": username, "password": PASSWORD})
        await self.run(tab, f"auth.login({body})")

    async def run(self, tab: int, expression: str) -> Any:
        """Return the value of an expression in a tab, or the code of its `AuthError`."""
        caught = "catch (error) { return error.code ?? String(error) }"
        script = f"async () => {{ try {{ return await {expression} }} {caught} }}"
        return await self.pages[tab].evaluate(script)

    async def run_in_each(self, expression: str) -> list[Any]:
        """Return the values of an expression in all tabs, which evaluate it at the same time."""
        return await asyncio.gather(*(self.run(tab, expression) for tab in range(len(self.pages))))

    async def sleep(self, seconds: int) -> None:
        """Move the clock of the device, while the other clock of the pages stands still, as during a sleep."""
        await self.run_in_each(f"sleep({seconds})")

    async def assert_always_signed_in(self) -> None:
        """Assert that no tab has shown a signed-out state since the registration."""
        assert await self.run_in_each("states.includes('signed-out')") == [False] * len(self.pages)

    async def expect_each(self, heading: str, text: str, *, only: int | None = None) -> None:
        """Wait until all tabs, or only one, show a heading, and a text below it."""
        for page in self.pages if only is None else [self.pages[only]]:
            await expect(page.locator("h1")).to_have_text(heading)
            await expect(page.locator("p")).to_have_text(text)


@asynccontextmanager
async def open_tabs(browser: Browser, address: str, number: int = 1, **window: Any) -> AsyncIterator[BrowserTabs]:
    """Open tabs of an address in a new profile; takes the arguments of `browser_page`."""
    async with browser_page(browser, **window) as visit:
        tabs = BrowserTabs(visit, address, [visit.page])
        await visit.page.goto(address)
        await until_true(visit.page, "globalThis.auth")
        await tabs.open(number - 1)
        yield tabs


def _account(username: str) -> str:
    return json.dumps({"username": username, "email": f"{username}@example.com", "password": PASSWORD})
