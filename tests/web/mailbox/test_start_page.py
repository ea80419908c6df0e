"""The start page in development."""

import re
from typing import Any

import httpx
import pytest

from tests.conftest import OtherAppFactory
from tests.support.page_policy import BROWSER, assert_page_policy
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent


ACCOUNT = ["/account/register", "/account/login", "/account"]


def links(text: str) -> list[str]:
    return re.findall(r'<dt><a href="([^"]*)"', text)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"ENVIRONMENT": "development", "DOCS_ENABLED": "true"},
            [*ACCOUNT, "/schema/swagger", "/schema/redoc", "/dev/mailbox", "/errors", "/health/ready"],
        ),
        ({"ENVIRONMENT": "development"}, [*ACCOUNT, "/dev/mailbox", "/errors", "/health/ready"]),
        ({"PUBLIC_URL": "http://testserver/auth"}, ["/auth/errors", "/auth/health/ready"]),
    ],
)
async def test_start_page_links_to_the_pages_of_the_server(
    app_with: OtherAppFactory, variables: dict[str, Any], expected: list[str]
) -> None:
    async with app_with(**variables) as other:
        response = await other.client.get("/", headers={"Accept": BROWSER})
        base = "/auth" if "PUBLIC_URL" in variables else ""
        routes = {route.path for route in other.app.routes}

    assert (response.status_code, links(response.text)) == (200, expected)
    assert {link.removeprefix(base) for link in expected} <= routes
    assert_page_policy(response, base)
    assert response.headers.get_list("cache-control") == ["no-store"]


async def test_start_page_is_only_for_browsers(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/", headers={"Accept": "application/json"}), 404, "NOT_FOUND")
