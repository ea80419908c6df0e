"""The record of a visit: errors, what a policy blocked, and requests."""

from typing import Any, Final

import pytest
from playwright.async_api import Browser

from tests.support.browser import browser_page
from tests.support.static_site import static_site

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEAD: Final = f"""<!doctype html><html lang="en"><head><title>Page</title>
<meta http-equiv="Content-Security-Policy" content="{POLICY}"></head>"""

FAULTS: Final = {
    "inline script": "<script>1</script>",
    "inline style": '<p style="color: red">Text</p>',
    "handler": '<button onclick="1">Text</button>',
    "image of another host": '<img src="https://example.com/pixel.png" alt="">',
    "frame": '<iframe src="/frame" title="Frame"></iframe>',
    "written markup": '<script src="/markup.js"></script>',
    "exception": '<script src="/exception.js"></script>',
}
SCRIPTS: Final = {
    "/markup.js": "document.body.innerHTML = '<b>Text</b>';",
    "/exception.js": "throw new Error('broken');",
}


async def test_visit_records_everything_that_a_policy_blocks(chromium: Browser) -> None:
    pages = {f"/{number}": f"{HEAD}<body>{fault}</body>" for number, fault in enumerate(FAULTS.values())}
    found: set[tuple[str, bool]] = set()
    with static_site({**pages, **SCRIPTS}) as origin:
        for scripts in (True, False):
            async with browser_page(chromium, scripts=scripts) as visit:
                for path, fault in zip(pages, FAULTS, strict=True):
                    await visit.page.goto(origin + path)
                    if visit.errors:
                        found.add((fault, scripts))
                    visit.errors.clear()

    need_scripts = {"written markup", "exception", "inline script", "handler"}
    assert found == {(fault, True) for fault in FAULTS} | {(fault, False) for fault in FAULTS.keys() - need_scripts}


async def test_visit_records_the_origins_of_all_requests(each_browser: Browser) -> None:
    with static_site({"/": "<title>Other</title>"}) as other:
        page = f'<title>Page</title><img src="{other}/" alt=""><img src="https://example.com/" alt="">'
        with static_site({"/": page}) as origin:
            async with browser_page(each_browser) as visit:
                await visit.page.goto(origin)

                assert visit.requested_origins() == {origin, other, "https://example.com"}
                assert visit.outside_requests() == ["https://example.com/"]


@pytest.mark.parametrize("arguments", [{"dark": True}, {"scripts": False}])
async def test_firefox_page_refuses_what_webdriver_cannot_set(firefox: Browser, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Firefox"):
        async with browser_page(firefox, **arguments):
            pass
