"""A server whose pages the tests open, and a Chromium to open them with."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser

from tests.conftest import DeploymentFactory
from tests.support.browser import Visit, browser_page, find_chromium, running_chromium
from tests.support.processes import RunningServer
from tests.support.waiting import TIMEOUT_SECONDS

Opener = Callable[..., AbstractAsyncContextManager[Visit]]


@pytest.fixture(scope="session")
async def server(deployment_factory: DeploymentFactory) -> AsyncIterator[RunningServer]:
    """A server in development mode, shared by the tests of this folder. It writes mail into a folder."""
    deployment = await deployment_factory()
    with deployment.server(ENVIRONMENT="development", MAIL_FROM="Acme Notes <no-reply@example.com>") as running:
        yield running


@pytest.fixture
def api(server: RunningServer) -> Iterator[httpx.Client]:
    """An HTTP client of the same server."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser, shared by the tests of this folder."""
    if find_chromium() is None:
        pytest.skip("Chromium is not installed, and CHROMIUM is not set")
    async with running_chromium() as browser:
        yield browser


@pytest.fixture
def opened(server: RunningServer, chromium: Browser) -> Opener:
    """Return a context manager that opens a page of the server in a new browser profile."""

    @asynccontextmanager
    async def visit(path: str, *, width: int = 1280, dark: bool = False, scripts: bool = True) -> AsyncIterator[Visit]:
        async with browser_page(chromium, width=width, dark=dark, scripts=scripts) as visit:
            await visit.page.goto(f"http://localhost:{server.port}{path}")
            yield visit

    return visit
