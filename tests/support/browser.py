"""Pages in a real browser that can reach only this machine."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    WebSocket,
    async_playwright,
    expect,
)

from tests.support.waiting import TIMEOUT_SECONDS

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
_ARGUMENTS: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    # Instead of Playwright's routes: this also blocks redirects, WebSockets and preconnections, keeps the HTTP cache on
    # and the list of requests complete (with a route, targets of redirects are often missing in it). IP addresses count
    # as host names here.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@dataclass(frozen=True)
class Visit:
    """An open page with its requests and errors so far.

    Attributes:
        page: the page.
        requests: URLs of all requests, blocked or not.
        errors: errors in the console, blocked requests included, and uncaught exceptions.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def outside_requests(self) -> list[str]:
        """Return the requests to other machines, which were all blocked."""
        return [url for url in self.requests if not _is_local(url)]


def find_chromium() -> str | None:
    """Return the path of Chromium: the value of CHROMIUM, or the first installed one."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else _NAMES
    return next(filter(None, map(shutil.which, names)), None)


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """Start a browser with an empty profile and without access to other machines.

    Raises:
        FileNotFoundError: Chromium is not installed (see `find_chromium`).
    """
    chromium = find_chromium()
    if chromium is None:
        message = "Chromium was not found: install it, or set CHROMIUM to its path"
        raise FileNotFoundError(message)
    # Chromium writes crash reports and caches into the home directory, beside the profile.
    with TemporaryDirectory(prefix="auth-api-test-browser-", ignore_cleanup_errors=True) as home:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium,
                chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to start a sandbox as root
                args=_ARGUMENTS,
                env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
            )
            try:
                yield browser
            finally:
                await browser.close()


@asynccontextmanager
async def browser_page(
    browser: Browser, *, width: int = 1280, height: int = 900, dark: bool = False, scripts: bool = True
) -> AsyncIterator[Visit]:
    """Open a page in a new profile, without the cookies, storage or cache of other pages."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        service_workers="block",  # Playwright does not report their requests
    )
    async with context:
        context.set_default_timeout(1000 * TIMEOUT_SECONDS)
        expect.set_options(timeout=1000 * TIMEOUT_SECONDS)
        visit = Visit(await context.new_page())
        _observe(context, visit)
        yield visit


def _observe(context: BrowserContext, visit: Visit) -> None:
    def on_request(request: Request) -> None:
        visit.requests.append(request.url)

    def on_websocket(socket: WebSocket) -> None:
        visit.requests.append(socket.url)

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            visit.errors.append(f"{message.text} ({message.location['url']})")

    def on_exception(error: WebError) -> None:
        visit.errors.append(str(error.error))

    context.on("request", on_request)
    context.on("console", on_console)
    context.on("weberror", on_exception)
    visit.page.on("websocket", on_websocket)


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"about", "blob", "data"} or parts.hostname in _LOCAL_HOSTS
