"""Errors as pages: what a person sees who opens a URL of this server in a browser."""

import json
import re

import httpx
import pytest

from tests.conftest import OtherAppFactory
from tests.support.mailbox import Mailbox
from tests.support.page_policy import BROWSER, assert_page_policy
from tests.support.problems import assert_problem
from tests.web.errors.test_error_catalogue import PRODUCTION

pytestmark = pytest.mark.engine_independent

CASES: dict[str, tuple[str, str, int, str]] = {
    "unknown-path": ("GET", "/nope", 404, "NOT_FOUND"),
    "unknown-account-page": ("GET", "/account/nope", 404, "NOT_FOUND"),
    "unknown-error": ("GET", "/errors/NOPE", 404, "NOT_FOUND"),
    "documentation": ("GET", "/schema/swagger", 404, "NOT_FOUND"),
    "file": ("GET", "/assets/nope.css", 404, "NOT_FOUND"),
    "wrong-method": ("POST", "/errors", 405, "METHOD_NOT_ALLOWED"),
    "plain-options": ("OPTIONS", "/errors", 405, "METHOD_NOT_ALLOWED"),
    "long-url": ("GET", "/" + "a" * 4096, 414, "URI_TOO_LONG"),
    "two-lengths": ("GET", "/nope", 400, "MALFORMED_REQUEST"),
    "metrics": ("GET", "/metrics", 401, "AUTHENTICATION_REQUIRED"),
}
FOR_PEOPLE = ("/account/", "/account/nope")
SETTINGS = {**PRODUCTION, "METRICS_TOKEN": "sixteen-letters-"}


def headers_of(case: str) -> dict[str, str]:
    return {"Content-Length": "1", "Transfer-Encoding": "chunked"} if case == "two-lengths" else {}


async def test_browser_gets_an_error_as_a_page(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, **SETTINGS) as other:
        for case, (method, path, status, code) in CASES.items():
            response = await other.client.request(method, path, headers={"Accept": BROWSER, **headers_of(case)})

            assert response.status_code == status, case
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            assert f'href="/errors/{code}"' in response.text
            assert response.headers.get_list("x-error-code") == [code]
            assert response.headers["x-request-id"] in response.text
            assert_page_policy(response)
            assert response.headers.get_list("cache-control") == ["no-store"]
            assert "Accept" in response.headers["vary"]
            assert re.findall(r'="(?:https?:)?//', response.text) == []


async def test_other_clients_get_the_same_error_as_a_document(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, **SETTINGS) as other:
        for case, (method, path, status, code) in CASES.items():
            accept = "application/json, */*" if path in FOR_PEOPLE else "*/*"
            response = await other.client.request(method, path, headers={"Accept": accept, **headers_of(case)})

            assert_problem(response, status, code)
            assert "Accept" in response.headers["vary"]
            assert "x-error-code" not in response.headers


async def test_error_under_account_is_a_page_unless_the_client_prefers_json(client: httpx.AsyncClient) -> None:
    for path in ("/account", "/account/", "http://testserver//account//nope/", "/account/nope"):
        for accept in ("*/*", "", "image/png", "text/html, application/json", "application/json;q=0.5, */*"):
            response = await client.put(path, headers={"Accept": accept})
            assert response.headers["content-type"] == "text/html; charset=utf-8", (path, accept)
            assert response.headers["x-error-code"] in {"NOT_FOUND", "METHOD_NOT_ALLOWED"}
        for accept in ("application/json", "application/problem+json", "application/*", "application/json, */*"):
            response = await client.put(path, headers={"Accept": accept})
            assert response.headers["content-type"] == "application/problem+json", (path, accept)
            assert "Accept" in response.headers["vary"]
            assert response.headers["cache-control"] == "no-store", (path, accept)
    for path in ("/accounts", "/nope", "/errors/account"):
        assert_problem(await client.get(path, headers={"Accept": "*/*"}), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/user/profile", 401, "AUTHENTICATION_REQUIRED"),
        ("/api/nope", 404, "NOT_FOUND"),
        ("/api", 404, "NOT_FOUND"),
        ("/health/nope", 404, "NOT_FOUND"),
        ("/.well-known/nope", 404, "NOT_FOUND"),
    ],
)
async def test_api_probes_and_public_keys_send_documents_to_browsers_too(
    client: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    assert_problem(await client.get(path, headers={"Accept": BROWSER}), status, code)


@pytest.mark.parametrize("accept", [BROWSER, "*/*"])
async def test_error_keeps_its_headers_in_both_forms(app_with: OtherAppFactory, accept: str) -> None:
    async with app_with(**SETTINGS) as other:
        method = await other.client.post("/errors", headers={"Accept": accept})
        challenge = await other.client.get("/metrics", headers={"Accept": accept})
        too_long = await other.client.get("/" + "a" * 4096, headers={"Accept": accept})

    assert method.headers.get_list("allow") == ["GET, HEAD"]
    assert challenge.headers.get_list("www-authenticate") == ["Bearer"]
    assert too_long.headers.get_list("connection") == ["close"]


async def test_head_has_the_headers_of_the_page_without_a_body(client: httpx.AsyncClient) -> None:
    headers = {"Accept": BROWSER, "X-Request-ID": "the-same"}
    by_get, by_head = await client.get("/nope", headers=headers), await client.head("/nope", headers=headers)

    assert (by_head.status_code, by_head.content) == (404, b"")
    assert by_head.headers == by_get.headers


async def test_error_page_has_the_escaped_product_name(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, MAIL_FROM='"Rock & <b>Roll</b>" <no-reply@example.com>') as other:
        text = (await other.client.get("/<b>nope</b>", headers={"Accept": BROWSER})).text

    assert "<title>Page not found · Rock &amp; &lt;b&gt;Roll&lt;/b&gt;</title>" in text
    assert "<b>" not in text


async def test_links_of_an_error_page_begin_with_the_path_prefix(app_with: OtherAppFactory) -> None:
    async with app_with(PUBLIC_URL="http://testserver/auth") as other:
        text = (await other.client.get("/nope", headers={"Accept": BROWSER})).text

    addresses = re.findall(r'\b(?:src|href)="([^"]*)"', text)
    assert "/auth/errors/NOT_FOUND" in addresses
    assert [address for address in addresses if not address.startswith(("/auth/", "#", "data:"))] == []


async def test_large_accept_header_is_read_only_in_part(client: httpx.AsyncClient) -> None:
    response = await client.get("/nope", headers={"Accept": "," * 600 + BROWSER})

    assert json.loads(response.text)["error_code"] == "NOT_FOUND"


async def test_missing_page_leads_to_the_account_if_there_is_one(app_with: OtherAppFactory) -> None:
    found = []
    for hosted in ("true", "false"):
        async with app_with(**SETTINGS, HOSTED_PAGES=hosted) as other:
            response = await other.client.get("/nope", headers={"Accept": BROWSER})
            found.append('href="/account"' in response.text)

    assert found == [True, False]
