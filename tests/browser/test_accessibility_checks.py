"""The automatic checks of pages find faults, under a strict content security policy."""

from typing import Final

import pytest
from playwright.async_api import Browser

from tests.support.accessibility import axe_violations, overflowing_elements
from tests.support.browser import browser_page
from tests.support.static_site import static_site

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

HEAD: Final = """<!doctype html><html lang="en"><head><title>Page</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; require-trusted-types-for 'script'"></head>"""


async def test_axe_finds_a_field_without_a_label_in_spite_of_the_policy(chromium: Browser) -> None:
    body = "<body><main><h1>Page</h1><input></main></body>"
    with static_site({"/": HEAD + body}) as origin:
        async with browser_page(chromium) as visit:
            await visit.page.goto(origin)

            (violation,) = await axe_violations(visit.page)

            assert violation.startswith("label: Form elements must have labels. At input:")
            visit.assert_no_errors()
            assert await visit.page.evaluate("typeof axe") == "undefined"


async def test_zoomed_page_has_room_for_fewer_pixels(chromium: Browser) -> None:
    body = '<main><p>Text</p><svg id="wide" width="400" height="10"></svg></main>'
    with static_site({"/": HEAD + body}) as origin:
        for zoom, overflowing in ((1, []), (4, ["svg#wide"])):
            async with browser_page(chromium, zoom=zoom) as visit:
                await visit.page.goto(origin)

                assert [name.partition(".")[0] for name in await overflowing_elements(visit.page)] == overflowing
