"""A server whose pages the tests open, and the browsers to open them with."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser

from tests.conftest import DeploymentFactory
from tests.support.browser import Visit, browser_page
from tests.support.installed_browsers import chromium_or_skip, running_firefox
from tests.support.processes import RunningServer
from tests.support.product import Product, running_product
from tests.support.programs import program
from tests.support.waiting import TIMEOUT_SECONDS

Opener = Callable[..., AbstractAsyncContextManager[Visit]]


@pytest.fixture(scope="session")
async def product(deployment_factory: DeploymentFactory) -> AsyncIterator[Product]:
    """The product, shared by the tests of this folder, which must not stop it. Its users are kept."""
    with running_product(await deployment_factory()) as running:
        yield running


@pytest.fixture(scope="module")
async def own_product(deployment_factory: DeploymentFactory) -> AsyncIterator[Product]:
    """The product with two workers, for the tests of one module, which may kill its server and start it again."""
    with running_product(await deployment_factory(), workers=2) as running:
        yield running


@pytest.fixture(scope="session")
def server(product: Product) -> RunningServer:
    """The server of the shared product."""
    return product.server


@pytest.fixture
def api(server: RunningServer) -> Iterator[httpx.Client]:
    """An HTTP client of the same server."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser, shared by the tests of this folder."""
    async with chromium_or_skip() as browser:
        yield browser


@pytest.fixture(scope="session")
async def firefox() -> AsyncIterator[Browser]:
    """Firefox ESR, shared by the tests of this folder."""
    async with running_firefox(program("firefox-esr")) as browser:
        yield browser


@pytest.fixture(params=["chromium", "firefox"])
def each_browser(request: pytest.FixtureRequest) -> Browser:
    """Chromium, then Firefox."""
    browser: Browser = request.getfixturevalue(request.param)
    return browser


@pytest.fixture
def opened(product: Product, chromium: Browser) -> Opener:
    """Return a context manager that opens a page of the shared product in a new profile of Chromium."""
    return opener(product, chromium)


@pytest.fixture
def opened_in_each(product: Product, each_browser: Browser) -> Opener:
    """Return the same context manager for Chromium, then for Firefox."""
    return opener(product, each_browser)


def opener(product: Product, browser: Browser) -> Opener:
    """Return a context manager that opens a page by its path; it takes the arguments of `browser_page`."""

    @asynccontextmanager
    async def visit(path: str, **window: Any) -> AsyncIterator[Visit]:
        async with browser_page(browser, **window) as visit:
            await visit.page.goto(product.origin + path)
            yield visit

    return visit
