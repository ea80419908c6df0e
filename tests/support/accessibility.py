"""Automatic checks of a page: the rules of axe-core, and nothing beside the window."""

import asyncio
from importlib.resources import files
from typing import Any, Final

from playwright.async_api import Page

from tests.support.waiting import TIMEOUT_SECONDS

_AXE: Final = files("axe_playwright_python").joinpath("axe.min.js")
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN: Final = """axe.run(document, {runOnly: %s, resultTypes: ["violations"]}).then(({ violations }) =>
  violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}. At ${target.join(" ")}: ${failureSummary}`)))"""

# Elements that end beside the window, unless the page as a whole does not scroll sideways.
_OVERFLOWING: Final = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const name = ({ localName, id, className }) => localName + (id && `#${id}`) + (className && `.${className}`);
  const wide = [...document.body.querySelectorAll("*")].filter((node) => node.getBoundingClientRect().right > width);
  return wide.length ? wide.map(name) : ["document"];
}"""


async def axe_violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page: WCAG 2.2 at level AA, and good practice. Chromium only.

    axe-core runs in a JavaScript world of its own, which shares only the document with the page: so it runs under any
    content security policy, and the page cannot notice it.

    Args:
        page: an open page that may run scripts.

    Raises:
        TimeoutError: the page may not run scripts.
    """
    devtools = await page.context.new_cdp_session(page)
    try:
        frame = (await devtools.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await devtools.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe-core"})
        source = _AXE.read_text(encoding="utf-8") + ";undefined"
        async with asyncio.timeout(TIMEOUT_SECONDS):  # a page without scripts never answers
            await _evaluate(devtools, source, world["executionContextId"])
            violations: list[str] = await _evaluate(devtools, _RUN % list(_TAGS), world["executionContextId"])
        return violations
    finally:
        await devtools.detach()


async def overflowing_elements(page: Page) -> list[str]:
    """Return the elements for which a reader must scroll sideways (WCAG 2.2, 1.4.10)."""
    elements: list[str] = await page.evaluate(_OVERFLOWING)
    return elements


async def _evaluate(devtools: Any, expression: str, world: int) -> Any:
    answer = await devtools.send(
        "Runtime.evaluate",
        {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True},
    )
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")
