"""CORS as a browser sees it: a page of another origin that sends the headers of a tracing library."""

from typing import Any

import pytest

from tests.browser.conftest import Opener
from tests.support.processes import RunningServer
from tests.support.static_site import static_site

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

FETCH = """async ([url, method, headers]) => {
  try {
    const response = await fetch(url, { method, headers });
    return [response.status, response.headers.get("X-Request-ID") !== null];
  } catch (error) {
    return [0, error.name];
  }
}"""


async def fetch(visit: Any, *call: Any) -> Any:
    return await visit.page.evaluate(FETCH, list(call))


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"Traceparent": "00-1-2-01", "Baggage": "a=b", "Sentry-Trace": "1"}, [200, True]),
        ("HEAD", {"Authorization": "Bearer x", "X-Requested-With": "XMLHttpRequest"}, [200, True]),
        ("PATCH", {"Idempotency-Key": "1"}, [405, True]),
        ("PUT", {}, [0, "TypeError"]),
        ("GET", {"X-Unknown": "1"}, [0, "TypeError"]),
    ],
)
async def test_browser_applies_the_lists_of_the_preflight(
    opened: Opener, server: RunningServer, method: str, headers: dict[str, str], expected: list[Any]
) -> None:
    with static_site({"/": "<title>Page</title>"}) as origin:
        async with opened("/health/live") as visit:
            await visit.page.goto(origin)

            assert await fetch(visit, f"{server.url}/health/live", method, headers) == expected
