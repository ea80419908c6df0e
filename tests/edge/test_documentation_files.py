"""Swagger UI and ReDoc, served from the package itself."""

import os
import re

import httpx
import pytest

from tests.conftest import OtherAppFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

PAGES = ("/schema/swagger", "/schema/redoc")
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "redoc.standalone.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}


@pytest.mark.parametrize(("path", "target"), [("/docs", "/schema/swagger"), ("/redoc", "/schema/redoc")])
async def test_short_path_redirects_to_the_page(client: httpx.AsyncClient, path: str, target: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.headers["location"]) == (302, target)
    assert (await client.get(target)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_page_loads_no_file_from_another_host(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    loaded = re.findall(r'<(?:script|link|img)\b[^>]*?\b(?:src|href)="([^"]*)"', response.text)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert loaded
    assert [address for address in loaded if not address.startswith("/schema/assets/")] == []
    for address in loaded:
        assert (await client.get(address)).status_code == 200


async def test_pages_behind_a_path_prefix_load_everything_below_it(app_with: OtherAppFactory) -> None:
    async with app_with(PUBLIC_URL="http://testserver/auth", DOCS_ENABLED="true") as other:
        for path in PAGES:
            page = (await other.client.get(path)).text
            assert set(re.findall(r'(?:src|href)="(.*?)/schema/assets/', page)) == {"/auth"}
            assert '"servers":[{"url":"/auth"}]' in page
        assert (await other.client.get("/schema/openapi.json")).json()["servers"] == [{"url": "/auth"}]
        assert (await other.client.get("/docs")).headers["location"] == "/auth/schema/swagger"
        assert (await other.client.get("/redoc")).headers["location"] == "/auth/schema/redoc"


@pytest.mark.parametrize(("name", "media_type"), ASSETS.items(), ids=ASSETS)
async def test_bundle_has_its_media_type_and_an_etag(client: httpx.AsyncClient, name: str, media_type: str) -> None:
    response = await client.get(f"/schema/assets/{name}")

    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, media_type)
    assert re.fullmatch(r'(W/)?"[^"]+"', response.headers["etag"])
    assert int(response.headers["content-length"]) == len(response.content) > 500


@pytest.mark.parametrize(
    "path",
    [
        "/schema/assets/../__init__.py",
        "/schema/assets/%2e%2e/__init__.py",
        "/schema/assets/..%2f__init__.py",
        "/schema/assets/%2e%2e%2f%2e%2e%2fopenapi.py",
        "/schema/assets/..%5c__init__.py",
        "/schema/assets/%252e%252e/__init__.py",
        "/schema/assets//etc/passwd",
        "/schema/assets/%2fetc%2fpasswd",
        "/schema/assets/../../../../../../../../etc/passwd",
        "/schema/assets/swagger-ui.css%00.js",
        f"/schema/assets/{'a' * 300}",
        "/schema/assets/",
        "/schema/assets",
        "/schema/assets/.",
    ],
)
async def test_only_the_bundles_are_served(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(httpx.URL("http://testserver", raw_path=path.encode()))

    assert_problem(response, 404, "NOT_FOUND")


async def test_document_is_openapi_3_1(client: httpx.AsyncClient) -> None:
    response = await client.get("/schema/openapi.json")

    assert response.headers["content-type"] == "application/vnd.oai.openapi+json"
    assert response.json()["openapi"].startswith("3.1.")


async def test_disabled_pages_are_not_found_and_the_api_is_served(app_with: OtherAppFactory) -> None:
    async with app_with(DOCS_ENABLED="false") as other:
        for path in ("/docs", "/redoc", "/schema", "/schema/openapi.json", "/schema/assets/swagger-ui.css", *PAGES):
            assert_problem(await other.client.get(path), 404, "NOT_FOUND")
        response = await other.client.get("/api/user/profile")

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")


@pytest.mark.parametrize("folder", ["/assets", "/schema/assets"])
async def test_unknown_file_name_is_404_without_a_look_at_the_file_system(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    def no_listing(*_: object) -> None:
        pytest.fail("lists a folder in the event loop")

    monkeypatch.setattr(os, "listdir", no_listing)
    monkeypatch.setattr(os, "scandir", no_listing)

    assert_problem(await client.get(f"{folder}/no-such-file.js"), 404, "NOT_FOUND")
