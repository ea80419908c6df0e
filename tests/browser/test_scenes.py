"""Every page in its states is accessible in each language, window and colour, and asks no other server."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import ExitStack
from itertools import product as combinations
from typing import Final

import httpx
import pytest
from playwright.async_api import Browser, Page

from tests.conftest import DeploymentFactory
from tests.support.accessibility import axe_violations, overflowing_elements
from tests.support.browser import browser_page
from tests.support.product import Product, running_product
from tests.support.scenes import SCENES
from tests.support.scenes.scene import PRODUCTS, Scene
from tests.support.scenes.stage import Stage
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

WINDOWS: Final = {"wide": (1280, 900), "narrow": (320, 225)}
"""The second one is also the first one at 400 % (WCAG 2.2, 1.4.10)."""

LANGUAGES: Final = ("en", "de")
LOOKS: Final = (("wide", "light"), ("narrow", "dark"))
"""Each scene has both windows and both colours, in one of the languages. With `--torture`, all combinations occur."""
ALL_LOOKS: Final = tuple(combinations(WINDOWS, ("light", "dark")))


Products = Callable[[str], Awaitable[Product]]


@pytest.fixture(scope="module")
async def products(deployment_factory: DeploymentFactory) -> AsyncIterator[Products]:
    """A function that returns a product by its name, and starts it if a scene is the first one that needs it."""
    running: dict[str, Product] = {}
    with ExitStack() as stack:

        async def find(name: str) -> Product:
            if name not in running:
                running[name] = stack.enter_context(running_product(await deployment_factory(), **PRODUCTS[name]))
            return running[name]

        yield find


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_page_is_accessible_and_asks_no_other_server(
    request: pytest.FixtureRequest, products: Products, chromium: Browser, scene: Scene
) -> None:
    product = await products(scene.product)
    is_complete = request.config.getoption("--torture")
    looks = ALL_LOOKS if is_complete else LOOKS
    for language in LANGUAGES if is_complete else (LANGUAGES[SCENES.index(scene) % len(LANGUAGES)],):
        async with (
            browser_page(chromium, language=language) as visit,
            httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
        ):
            await scene.show(Stage(product, visit.page, client))

            assert await visit.page.locator("html").get_attribute("lang") in {language, scene.only_in or language}
            assert await faults(visit.page, looks) == []
            visit.assert_no_errors(error_responses=scene.errors if scene.error else 0)
            assert visit.requested_origins() == {product.origin}


async def faults(page: Page, looks: Iterable[tuple[str, str]]) -> list[str]:
    """Return what is wrong with a page in these windows and colours."""
    found: list[str] = []
    for window, colors in looks:
        width, height = WINDOWS[window]
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=colors, reduced_motion="reduce")  # type: ignore[arg-type]
        found += [f"{window}: {each} is too wide" for each in await overflowing_elements(page)]
        found += [f"{window}, {colors}: {each}" for each in await axe_violations(page)]
    return found
