"""Swagger UI and ReDoc in a browser."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Opener
from tests.support.actors import PASSWORD
from tests.support.browser import Visit

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

WINDOWS = pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["desktop-light", "phone-dark"])


BACKGROUND_LIGHTNESS = """() => [document.body, document.documentElement]
  .map((node) => getComputedStyle(node).backgroundColor.match(/[\\d.]+/g).map(Number))
  .filter(([, , , opacity]) => opacity !== 0)
  .map(([red, green, blue]) => red + green + blue)
  .concat(3 * 255)[0]"""
"""Lightness of the page's background, from 0 to 765."""


def operations(api: httpx.Client) -> list[dict[str, Any]]:
    """Return the operations of the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = api.get("/schema/openapi.json").json()["paths"]
    return [operation for methods in paths.values() for operation in methods.values()]


async def texts(visit: Visit, selector: str) -> list[str]:
    return [text.strip() for text in await visit.page.locator(selector).all_inner_texts()]


def summaries(found: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(operation["summary"] for operation in found)


@WINDOWS
async def test_swagger_ui_shows_every_operation(
    opened: Opener, api: httpx.Client, tmp_path: Path, width: int, dark: bool
) -> None:
    async with opened("/schema/swagger", width=width, dark=dark) as visit:
        await visit.page.locator(".opblock").nth(len(operations(api)) - 1).wait_for()
        await visit.page.screenshot(path=tmp_path / "swagger.png", full_page=True)

        assert sorted(await texts(visit, ".opblock-summary-description")) == summaries(operations(api))
        assert await visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert (await visit.page.evaluate(BACKGROUND_LIGHTNESS) < 150) is dark
        visit.assert_no_errors()


@WINDOWS
async def test_redoc_shows_every_operation(
    opened: Opener, api: httpx.Client, tmp_path: Path, width: int, dark: bool
) -> None:
    async with opened("/schema/redoc", width=width, dark=dark) as visit:
        await visit.page.locator("[data-section-id*='/operation/']").nth(len(operations(api)) - 1).wait_for()
        await visit.page.screenshot(path=tmp_path / "redoc.png")

        shown = await texts(visit, "[data-section-id*='/operation/'] h2")
        assert sorted(shown) == summaries(operations(api))
        assert await visit.page.evaluate("document.documentElement.scrollWidth") <= width
        visit.assert_no_errors()


async def test_swagger_ui_can_register_authorize_and_read_the_profile(opened: Opener) -> None:
    async with opened("/schema/swagger") as visit:
        page = visit.page

        async def execute(operation: str, body: str = "") -> Any:
            block = page.locator(f".opblock[id$='-{operation}']")
            await block.locator(".opblock-summary").first.click()
            await block.get_by_role("button", name="Try it out").click()
            if body:
                await block.locator("textarea.body-param__text").fill(body)
            async with page.expect_response(lambda response: "/api/" in response.url) as expected:
                await block.get_by_role("button", name="Execute").click()
            await block.locator(".live-responses-table .response-col_status").first.wait_for()
            response = await expected.value
            return response.status, await response.json()

        registered = await execute(
            "register", f'{{"email": "ada.l@example.com", "username": "ada.l", "password": "{PASSWORD}"}}'
        )
        assert registered[0] == 201
        await page.get_by_role("button", name="Authorize", exact=True).click()
        dialog = page.locator(".modal-ux")
        await dialog.locator("input").fill(registered[1]["access_token"])
        await dialog.get_by_role("button", name="Apply credentials").click()
        await dialog.get_by_role("button", name="Close").click()

        status, profile = await execute("readProfile")

        assert (status, profile["username"]) == (200, "ada.l")
        await page.goto(page.url.partition("#")[0])
        assert (await execute("readProfile"))[0] == 200
        visit.assert_no_errors()


async def test_swagger_ui_shows_errors_in_one_line_until_they_are_clicked(opened: Opener) -> None:
    async with opened("/schema/swagger") as visit:
        block = visit.page.locator(".opblock[id$='-changePassword']")
        await block.locator(".opblock-summary").first.click()
        error = block.get_by_role("button", name="TOKEN_EXPIRED")
        await error.wait_for()
        collapsed = await block.evaluate("(node) => node.offsetHeight")

        await error.click()
        await block.locator(".response[data-code='401'] .highlight-code").wait_for()

        assert collapsed < 2000
        assert await error.count() == 0
        visit.assert_no_errors()


@pytest.mark.parametrize(("short", "target"), [("/docs", "/schema/swagger"), ("/redoc", "/schema/redoc")])
def test_short_path_redirects_to_the_page(api: httpx.Client, short: str, target: str) -> None:
    response = api.get(short)

    assert (response.status_code, response.headers["location"]) == (302, target)


@pytest.mark.parametrize("path", ["/schema/nothing", "/schema/assets/nothing.js"])
def test_unknown_path_below_the_pages_is_a_problem_document(api: httpx.Client, path: str) -> None:
    response = api.get(path)

    assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
    assert response.headers["content-type"] == "application/problem+json"
