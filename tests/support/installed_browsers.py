"""The installed Chromium and Firefox, which can reach only this machine."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_CHROMIUM_ARGUMENTS: Final = [
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
# A proxy that does not exist. Firefox uses none for localhost and 127.0.0.1.
_FIREFOX_PREFERENCES: Final[dict[str, str | float | bool]] = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
}


def find_chromium() -> str | None:
    """Return the path of Chromium: the value of CHROMIUM, or the first installed one."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else _NAMES
    return next(filter(None, map(shutil.which, names)), None)


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """Start Chromium with an empty profile and without access to other machines.

    Raises:
        FileNotFoundError: Chromium is not installed (see `find_chromium`).
    """
    chromium = find_chromium()
    if chromium is None:
        message = "Chromium was not found: install it, or set CHROMIUM to its path"
        raise FileNotFoundError(message)
    with _environment() as environment:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium,
                chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to start a sandbox as root
                args=_CHROMIUM_ARGUMENTS,
                env=environment,
            )
            try:
                yield browser
            finally:
                await browser.close()


@asynccontextmanager
async def chromium_or_skip() -> AsyncIterator[Browser]:
    """Start Chromium as `running_chromium` does. Skip the test if it is not installed: Python does not bring it."""
    if find_chromium() is None:
        pytest.skip("Chromium is not installed, and CHROMIUM is not set")
    async with running_chromium() as browser:
        yield browser


@asynccontextmanager
async def running_firefox(path: str) -> AsyncIterator[Browser]:
    """Start Firefox with an empty profile and without access to other machines.

    Playwright controls it by WebDriver BiDi, the protocol of all browsers, and not by patches of its own.

    Args:
        path: of the program, such as Firefox ESR.
    """
    with _environment() as environment:
        async with async_playwright() as playwright:
            browser = await playwright.firefox.launch(
                channel="moz-firefox",
                executable_path=path,
                firefox_user_prefs=_FIREFOX_PREFERENCES,
                env=environment,
            )
            try:
                yield browser
            finally:
                await browser.close()


@contextmanager
def _environment() -> Iterator[dict[str, str | float | bool]]:
    """Browsers write crash reports and caches into the home directory, beside the profile."""
    with TemporaryDirectory(prefix="auth-api-test-browser-", ignore_cleanup_errors=True) as home:
        yield {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
