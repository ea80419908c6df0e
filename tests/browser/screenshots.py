"""Make pictures of every page: `python -m tests.browser.screenshots FOLDER [LANGUAGE] [PART-OF-A-NAME]`."""

import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
from playwright.async_api import Browser, Error

from tests.support.browser import browser_page
from tests.support.deployment import Deployment
from tests.support.installed_browsers import running_chromium
from tests.support.product import Product, running_product
from tests.support.scenes import SCENES
from tests.support.scenes.scene import PRODUCTS, Scene
from tests.support.scenes.stage import Stage
from tests.support.waiting import TIMEOUT_SECONDS

WINDOWS: Final = {"desktop": (1280, 900), "phone": (390, 844)}
COLORS: Final = ("light", "dark")


async def main(folder: Path, language: str = "en", part: str = "") -> None:
    """Lead a browser to each page, and make its pictures.

    Args:
        folder: where the pictures are written; it exists.
        language: which the person prefers.
        part: only scenes whose name contains it.
    """
    scenes = [scene for scene in SCENES if part in scene.name]
    with ExitStack() as stack:
        products: dict[str, Product] = {}
        for name in {scene.product for scene in scenes}:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="auth-api-pictures-")))
            deployment = Deployment(home, f"sqlite:///{home / 'auth.db'}")
            products[name] = stack.enter_context(running_product(deployment, **PRODUCTS[name]))
        async with running_chromium() as browser:
            for scene in scenes:
                await _take(scene, products[scene.product], browser, folder, language)


async def _take(scene: Scene, product: Product, browser: Browser, folder: Path, language: str) -> None:
    async with (
        browser_page(browser, language=language) as visit,
        httpx.AsyncClient(base_url=product.server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        try:
            await scene.show(Stage(product, visit.page, client))
        except (AssertionError, Error) as error:
            print(f"{scene.name}: {error}", file=sys.stderr)  # noqa: T201 - a program
            return
        for window, (width, height) in WINDOWS.items():
            await visit.page.set_viewport_size({"width": width, "height": height})
            for colors in COLORS:
                await visit.page.emulate_media(color_scheme=colors, reduced_motion="reduce")
                path = folder / f"{scene.name}.{language}.{window}.{colors}.png"
                await visit.page.screenshot(path=path, full_page=True)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
