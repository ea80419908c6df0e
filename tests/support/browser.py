"""A page in a real browser that reaches nothing but this machine."""

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
)

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
    # Instead of Playwright's routes: this also stops redirects, WebSockets and connections opened in advance, leaves
    # the HTTP cache on and the list of requests whole (with a route, where a redirect leads is often missing there).
    # Addresses in numbers are names here too.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@dataclass(frozen=True)
class Visit:
    """An open page and what happened in it so far.

    `requests` holds the address of everything that was asked for, blocked or not. `errors` holds the errors that the
    browser or a script wrote to the console (a blocked request among them) and the exceptions that nothing caught.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def outside_requests(self) -> list[str]:
        """Return those requests that were meant for another machine; none of them left this one."""
        return [url for url in self.requests if not _stays_here(url)]


def find_chromium() -> str | None:
    """Return the path of the Chromium to use: the one that CHROMIUM names, or the first installed one."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else _NAMES
    return next(filter(None, map(shutil.which, names)), None)


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """Start a browser without past and without outside world; it ends with the block.

    Raises:
        FileNotFoundError: No Chromium is installed (see `find_chromium`).
    """
    chromium = find_chromium()
    if chromium is None:
        message = "no Chromium found; install one or name it by CHROMIUM"
        raise FileNotFoundError(message)
    # A home of its own: beside the profile, Chromium writes crash reports and caches there.
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
    """Open a page in a profile of its own: no other page's cookies, storage or cache; gone at the end."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        service_workers="block",  # Playwright does not report what they ask for
    )
    async with context:
        visit = Visit(await context.new_page())
        _observe(context, visit)
        yield visit


def _observe(context: BrowserContext, visit: Visit) -> None:
    def note_request(request: Request) -> None:
        visit.requests.append(request.url)

    def note_websocket(socket: WebSocket) -> None:
        visit.requests.append(socket.url)

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            visit.errors.append(f"{message.text} ({message.location['url']})")

    def note_exception(error: WebError) -> None:
        visit.errors.append(str(error.error))

    context.on("request", note_request)
    context.on("console", note_console)
    context.on("weberror", note_exception)
    visit.page.on("websocket", note_websocket)


def _stays_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"about", "blob", "data"} or parts.hostname in _LOCAL_HOSTS
