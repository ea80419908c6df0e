"""The pages of the links in mails: when they exist, and what a browser may do on them."""

import re

import httpx
import pytest

from auth_api.features import MAIL_KINDS
from tests.conftest import OtherAppFactory
from tests.support.mailbox import Mailbox
from tests.support.page_policy import assert_page_policy
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

JSON = {"Accept": "application/json"}
PAGES = sorted({kind.path for kind in MAIL_KINDS if kind.path})
FILES = {
    "pages.css": "text/css",
    "pages.js": "text/javascript",
    "mail-pages.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


@pytest.mark.parametrize("path", PAGES)
async def test_every_path_of_a_mailed_link_has_a_page(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1" in response.text
    assert "needs JavaScript" in response.text


@pytest.mark.parametrize("path", PAGES)
async def test_page_may_use_only_files_and_the_api_of_this_server(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert_page_policy(response)
    assert response.headers.get_list("referrer-policy") == ["no-referrer"]
    assert response.headers.get_list("cross-origin-opener-policy") == ["same-origin"]


@pytest.mark.parametrize("path", PAGES)
async def test_page_is_not_stored_and_sets_no_cookie(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.headers.get_list("cache-control") == ["no-store"]
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("path", PAGES)
async def test_page_has_no_inline_script_or_style_and_no_url_of_another_host(
    client: httpx.AsyncClient, path: str
) -> None:
    text = (await client.get(path)).text

    loaded = re.findall(r'<(?:script|link)\b[^>]*?\b(?:src|href)="([^"]*)"', text)
    assert sorted(loaded) == ["/assets/icon.svg", "/assets/mail-pages.js", "/assets/pages.css"]
    assert re.findall(r"<script\b[^>]*>[^<]|<style|\sstyle=|\son\w+=|https?://", text) == []


@pytest.mark.parametrize("path", PAGES)
async def test_page_does_not_depend_on_the_query_string(client: httpx.AsyncClient, path: str) -> None:
    plain = await client.get(path)
    spiced = await client.get(f"{path}?token=ot_abc&x=<script>alert(1)</script>")

    assert spiced.content == plain.content


@pytest.mark.parametrize("path", [PAGES[0], "/assets/pages.js"])
async def test_head_has_the_headers_of_get_without_a_body(client: httpx.AsyncClient, path: str) -> None:
    headers = {"X-Request-ID": "the-same"}
    by_get, by_head = await client.get(path, headers=headers), await client.head(path, headers=headers)

    assert (by_head.status_code, by_head.content) == (200, b"")
    assert by_head.headers == by_get.headers


@pytest.mark.parametrize("path", [PAGES[0], "/assets/pages.js"])
async def test_post_to_a_page_is_405(client: httpx.AsyncClient, path: str) -> None:
    response = await client.post(path, json={"token": "x"}, headers=JSON)

    assert_problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers.get_list("allow") == ["GET, HEAD"]


@pytest.mark.parametrize(("name", "media_type"), FILES.items(), ids=FILES)
async def test_file_is_revalidated_with_its_etag(client: httpx.AsyncClient, name: str, media_type: str) -> None:
    first = await client.get(f"/assets/{name}")
    again = await client.get(f"/assets/{name}", headers={"If-None-Match": first.headers["etag"]})
    other = await client.get(f"/assets/{name}", headers={"If-None-Match": '"another"'})

    assert (first.status_code, first.headers["content-type"].partition(";")[0]) == (200, media_type)
    assert first.headers.get_list("cache-control") == ["no-cache"]
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize(
    "path",
    [
        "/account",
        "/account/nothing",
        "/account/reset_password.html",
        "/account/..%2ftemplates",
        "/assets",
        "/assets/nothing.js",
        "/assets/..%2fservice.py",
        "/assets/%00",
        f"/assets/{'a' * 300}",
    ],
)
async def test_other_paths_are_not_found(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(httpx.URL("http://testserver", raw_path=path.encode()), headers=JSON)

    assert_problem(response, 404, "NOT_FOUND")


@pytest.mark.parametrize("frontend", ["https://app.example.com", "http://testserver/app"])
async def test_pages_do_not_exist_with_a_frontend_elsewhere(
    app_with: OtherAppFactory, mailbox: Mailbox, frontend: str
) -> None:
    async with app_with(mailer=mailbox, FRONTEND_URL=frontend) as other:
        for path in PAGES:
            assert_problem(await other.client.get(path, headers=JSON), 404, "NOT_FOUND")


async def test_pages_exist_with_this_server_as_frontend(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, FRONTEND_URL="http://testserver/") as other:
        response = await other.client.get(PAGES[0])

    assert response.status_code == 200


async def test_pages_do_not_exist_without_mail(app_with: OtherAppFactory) -> None:
    async with app_with() as other:
        for path in PAGES:
            assert_problem(await other.client.get(path, headers=JSON), 404, "NOT_FOUND")


async def test_urls_of_a_page_begin_with_the_path_prefix(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, PUBLIC_URL="http://testserver/auth") as other:
        text = (await other.client.get("/account/reset-password")).text

    addresses = re.findall(r'\b(?:src|href|action)="([^"]*)"', text)
    assert "/auth/api/auth/password/reset" in addresses
    assert [address for address in addresses if not address.startswith("/auth/")] == []


async def test_page_has_the_escaped_product_name_of_mail_from(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, MAIL_FROM='"Rock & <b>Roll</b>" <no-reply@example.com>') as other:
        text = (await other.client.get("/account/reset-password")).text

    assert "<title>Set a new password · Rock &amp; &lt;b&gt;Roll&lt;/b&gt;</title>" in text
    assert "<b>" not in text


@pytest.mark.parametrize(("required", "expected"), [("true", True), ("false", False)])
async def test_page_shows_the_configured_password_rules(
    app_with: OtherAppFactory, mailbox: Mailbox, required: str, expected: bool
) -> None:
    async with app_with(mailer=mailbox, PASSWORD_REQUIRE_COMPLEXITY=required) as other:
        text = (await other.client.get("/account/reset-password")).text

    assert "At least 12 characters" in text
    assert ("a digit and a symbol" in text) is expected


HOME = '<a href="https://app.example.com/?from=auth&amp;x=1">'


@pytest.mark.parametrize("path", PAGES)
async def test_page_leads_back_to_the_product(app_with: OtherAppFactory, mailbox: Mailbox, path: str) -> None:
    links = '{"home": "https://app.example.com/?from=auth&x=1"}'
    async with app_with(mailer=mailbox, BRAND_LINKS=links, MAIL_FROM="Acme <no-reply@example.com>") as other:
        text = (await other.client.get(path)).text

    assert f"{HOME}Acme</a>" in text
    assert text.count("Go back to Acme") == text.count(f"{HOME}Go back to Acme</a>")


async def test_page_does_not_lead_back_without_a_url(client: httpx.AsyncClient) -> None:
    text = (await client.get("/account/reset-password")).text

    assert "Go back to" in text
    assert "<a " not in text


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"FRONTEND_URL": "https://app.example.com"}, "https://app.example.com"),
        (
            {"FRONTEND_URL": "https://app.example.com", "BRAND_LINKS": '{"home": "https://example.com"}'},
            "https://example.com",
        ),
        ({}, None),
    ],
)
async def test_error_page_leads_to_the_frontend(
    app_with: OtherAppFactory, variables: dict[str, str], expected: str | None
) -> None:
    async with app_with(**variables) as other:
        text = (await other.client.get("/nope", headers={"Accept": "text/html"})).text

    assert re.findall(r'<a href="(https?:[^"]*)">Go back', text) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("path", "routes"),
    [
        ("/account/reset-password", ["/api/auth/password/forgot"]),
        ("/account/verify-email", ["/api/auth/email/resend", "/api/auth/password/forgot"]),
        ("/account/confirm-email", []),
        ("/account/undo-email", []),
        ("/account/report", []),
    ],
)
async def test_page_offers_a_new_mail_where_a_person_can_request_one(
    client: httpx.AsyncClient, path: str, routes: list[str]
) -> None:
    text = (await client.get(path)).text

    assert re.findall(r'action="([^"]*)" data-offer="ONE_TIME_TOKEN_INVALID"', text) == routes
    assert ("request a new e-mail below" in text) is bool(routes)


@pytest.mark.parametrize(
    ("path", "last_resort"),
    [
        ("/account/undo-email", "Otherwise contact the support of "),
        ("/account/report", " and reset your password, which also logs out all devices."),
    ],
)
async def test_page_of_a_link_that_cannot_be_requested_again_names_a_way_out(
    client: httpx.AsyncClient, path: str, last_resort: str
) -> None:
    text = (await client.get(path)).text

    assert "If you have used it, look for the e-mail with a link to set a new password. " in text
    assert last_resort in text
    assert "most recent e-mail" not in text
