"""The error catalogue: HTML pages for people, JSON for programs, and no database query."""

import html
import json
import re

import httpx
import pytest

from auth_api.features import ERRORS
from tests.conftest import OtherAppFactory
from tests.support.page_policy import BROWSER, assert_page_policy
from tests.support.problems import assert_problem
from tests.support.statements import recorded

pytestmark = pytest.mark.engine_independent

CODES = [kind.error_code for kind in ERRORS]
PATHS = ("/errors", "/errors/TOKEN_EXPIRED")

PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET_KEY": "9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps",
    "PUBLIC_URL": "https://auth.company.test",
}


async def test_type_of_an_error_is_the_url_of_its_description(client: httpx.AsyncClient) -> None:
    problem = assert_problem(await client.get("/api/user/profile"), 401, "AUTHENTICATION_REQUIRED")

    described = (await client.get(problem["type"])).json()

    assert described["error_code"] == "AUTHENTICATION_REQUIRED"
    assert (described["status"], described["reason"]) == (401, "Unauthorized")
    assert described["detail"] == problem["detail"]
    assert described["headers"] == {"WWW-Authenticate": "Bearer"}
    assert described["example"].keys() == problem.keys()


@pytest.mark.parametrize("code", CODES)
async def test_page_of_an_error_has_the_content_of_its_document(client: httpx.AsyncClient, code: str) -> None:
    described = (await client.get(f"/errors/{code}")).json()
    page = (await client.get(f"/errors/{code}", headers={"Accept": BROWSER})).text

    text = html.unescape(re.sub("<[^>]+>", "", page))
    assert f"{described['status']} {described['reason']}" in text
    assert described["meaning"].replace("`", "") in text
    assert described["remedy"].replace("`", "") in text
    assert json.dumps(described["example"], indent=2, ensure_ascii=False) in text
    for name, value in described["headers"].items():
        assert f"{name}: {value}\n" in text


async def test_list_has_all_errors_and_links_to_their_pages(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/errors")).json()["items"]
    page = (await client.get("/errors", headers={"Accept": BROWSER})).text

    assert [error["error_code"] for error in listed] == CODES
    assert [(await client.get(f"/errors/{code}")).json() for code in CODES] == listed
    assert re.findall(r'href="/errors/(\w+)"', page) == CODES


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/problem+json", "application/json"),
        ("application/problem+json, text/html;q=0.9", "application/json"),
        ("*/*, text/html;q=0.9", "application/json"),
        ("text/html, */*;q=0.1", "text/html"),
        ("Text/HTML", "text/html"),
        ("text/html;q=0", "application/json"),
        ("text/html;q=1.5", "application/json"),
        ("", "application/json"),
        ("nonsense", "application/json"),
        ("text/html;q=inf", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("image/png", "application/json"),
        (BROWSER, "text/html"),
        ("text/html", "text/html"),
        ("text/*", "text/html"),
        ("application/json;q=0.5, text/html", "text/html"),
        ("text/html, application/json", "text/html"),
        ("text/html" + ";a" * 8000, "text/html"),
    ],
)
async def test_accept_header_chooses_page_or_document(
    client: httpx.AsyncClient, path: str, accept: str | None, expected: str
) -> None:
    client.headers.pop("Accept")

    response = await client.get(path, headers={} if accept is None else {"Accept": accept})

    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, expected)
    assert {"Accept", "Origin"} <= set(response.headers["vary"].split(", "))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_response_is_cacheable_and_revalidated_with_its_etag(
    client: httpx.AsyncClient, path: str, accept: str
) -> None:
    first = await client.get(path, headers={"Accept": accept})
    again = await client.get(path, headers={"Accept": accept, "If-None-Match": first.headers["etag"]})

    assert first.headers.get_list("cache-control") == ["public, max-age=300"]
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "cache-control", "vary")} == {
        name: first.headers[name] for name in ("etag", "cache-control", "vary")
    }


async def test_page_and_document_have_different_etags(client: httpx.AsyncClient) -> None:
    document = await client.get("/errors")

    page = await client.get("/errors", headers={"Accept": BROWSER, "If-None-Match": document.headers["etag"]})

    assert page.status_code == 200


@pytest.mark.parametrize("path", PATHS)
async def test_page_may_load_only_files_of_this_server(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"Accept": BROWSER})

    assert_page_policy(response)
    assert re.findall(r'="(?:https?:)?//', response.text) == []


@pytest.mark.parametrize("code", ["NOTHING", "token_expired", "TOKEN_EXPIRED.html", "%00", "..%2f", "A" * 300])
async def test_unknown_code_is_not_found(client: httpx.AsyncClient, code: str) -> None:
    url = httpx.URL("http://testserver", raw_path=f"/errors/{code}".encode())

    assert_problem(await client.get(url), 404, "NOT_FOUND")


async def test_catalogue_makes_no_database_query(app_with: OtherAppFactory) -> None:
    async with app_with() as other:
        with recorded(other.services.core.database.engine) as statements:
            for path in (*PATHS, "/errors/NOTHING", "/assets/pages.css"):
                await other.client.get(path)

    assert statements == []


async def test_catalogue_exists_in_production_without_documentation_and_mail(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION) as other:
        statuses = [
            (await other.client.get(path)).status_code for path in (*PATHS, "/assets/pages.css", "/schema/swagger")
        ]

    assert statuses == [200, 200, 200, 404]


async def test_type_of_an_error_begins_with_the_path_prefix(app_with: OtherAppFactory) -> None:
    async with app_with(PUBLIC_URL="http://testserver/auth") as other:
        responses = [await other.client.get(path) for path in ("/api/user/profile", f"/?{'x' * 5000}")]

    assert [response.json()["type"] for response in responses] == [
        "/auth/errors/AUTHENTICATION_REQUIRED",
        "/auth/errors/URI_TOO_LONG",
    ]


async def test_links_of_the_pages_begin_with_the_path_prefix(app_with: OtherAppFactory) -> None:
    async with app_with(PUBLIC_URL="http://testserver/auth") as other:
        pages = [(await other.client.get(path, headers={"Accept": BROWSER})).text for path in PATHS]

    assert "/auth/errors/TOKEN_EXPIRED&#34;" in pages[1]
    addresses = re.findall(r'\b(?:src|href)="([^"]*)"', "".join(pages))
    assert "/auth/errors/TOKEN_EXPIRED" in addresses
    assert [address for address in addresses if not address.startswith(("/auth/", "#", "data:"))] == []
