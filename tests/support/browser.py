"""Pages in a browser, with a record of their requests and errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    WebError,
    WebSocket,
    expect,
)

from tests.support.waiting import TIMEOUT_SECONDS

_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
_LOCAL_SCHEMES: Final = frozenset({"about", "blob", "data"})
_ERROR_RESPONSE: Final = "Failed to load resource: the server responded"


@dataclass(frozen=True)
class Visit:
    """An open page with its requests and errors so far.

    Attributes:
        page: the page.
        requests: URLs of all requests, blocked or not.
        errors: errors in the console and uncaught exceptions; in Chromium also all that a policy of the page blocked.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def outside_requests(self) -> list[str]:
        """Return the requests to other machines, which were all blocked."""
        return [url for url in self.requests if not _is_local(url)]

    def requested_origins(self) -> set[str]:
        """Return all origins that a request went to; data in the page itself has none."""
        parts = [urlsplit(url) for url in self.requests]
        return {f"{part.scheme}://{part.netloc}" for part in parts if part.scheme not in _LOCAL_SCHEMES}

    def assert_no_errors(self, *, error_responses: int = 0) -> None:
        """Assert that nothing went wrong, and that no request left this machine.

        Args:
            error_responses: how many responses of status 400 and above the test provokes; Chromium logs each of them,
                Firefox none.
        """
        logged = [error for error in self.errors if error.startswith(_ERROR_RESPONSE)]
        assert (len(logged), [error for error in self.errors if error not in logged]) == (error_responses, [])
        assert self.outside_requests() == []


@asynccontextmanager
async def browser_page(  # noqa: PLR0913 - independent properties of a window
    browser: Browser,
    *,
    width: int = 1280,
    height: int = 900,
    zoom: int = 1,
    dark: bool = False,
    scripts: bool = True,
    language: str = "en",
) -> AsyncIterator[Visit]:
    """Open a page in a new profile, without the cookies, storage or cache of other pages.

    Args:
        browser: Chromium or Firefox.
        width: of the window, in pixels of an unzoomed page.
        height: of the window.
        zoom: magnification of the page; at 4 (400 %), a window of 1280 pixels has place for 320 (WCAG 2.2, 1.4.10).
        dark: whether the person prefers dark colours; Chromium only.
        scripts: whether pages may run scripts; Chromium only.
        language: which the person prefers.

    Raises:
        ValueError: Firefox cannot be asked for this.
    """
    if browser.browser_type.name == "firefox" and (dark or not scripts):
        message = "Firefox ESR does not set colours and scripts by WebDriver BiDi"
        raise ValueError(message)
    context = await browser.new_context(
        viewport={"width": width // zoom, "height": height // zoom},
        device_scale_factor=zoom,
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        locale=language,
        service_workers="block",  # Playwright does not report their requests
    )
    async with context:
        context.set_default_timeout(1000 * TIMEOUT_SECONDS)
        expect.set_options(timeout=1000 * TIMEOUT_SECONDS)
        visit = Visit(await context.new_page())
        _observe(context, visit)
        yield visit


async def until_true(page: Page, expression: str) -> None:
    """Wait until an expression is true in a page.

    Unlike `page.wait_for_function`, it works under a policy that forbids `eval`, also if the expression is false first.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await _is_true(page, expression):  # noqa: ASYNC110 - the page tells no event
            await asyncio.sleep(0.01)


async def _is_true(page: Page, expression: str) -> bool:
    with suppress(Error):  # the browser is just leaving the page
        return bool(await page.evaluate(f"Boolean({expression})"))
    return False


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
    return parts.scheme in _LOCAL_SCHEMES or parts.hostname in _LOCAL_HOSTS
