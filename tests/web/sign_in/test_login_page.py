"""GET and POST /account/login."""

import httpx
import pytest

from tests.conftest import OtherAppFactory, UserFactory
from tests.support.visitor import COOKIE, Visitor


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, who has an account, at a browser without script."""
    await user_factory()
    return Visitor(client)


async def test_sign_in_leads_to_the_account_and_sets_a_session_cookie(visitor: Visitor) -> None:
    page = await visitor.log_in()

    assert (page.status, page.location) == (303, "/account")
    cookie = page.response.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=bs_")
    assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "SameSite=Lax", "Path=/"}


async def test_kept_session_has_a_lifetime_and_an_e_mail_address_identifies_the_account(visitor: Visitor) -> None:
    page = await visitor.log_in(identifier=visitor.email, keep="on")

    assert "Max-Age=2592000" in page.response.headers["Set-Cookie"]


async def test_each_tab_ends_at_its_own_target(visitor: Visitor) -> None:
    first = await visitor.get("/account/login", **{"continue": "/account/security", "lang": "de"})
    second = await visitor.get("/account/login", **{"continue": "/account/sessions"})

    fields = {"identifier": visitor.username, "password": visitor.password}
    assert (await visitor.submit(second, "/account/login", **fields)).location == "/account/sessions"
    assert (await visitor.submit(first, "/account/login", **fields)).location == "/account/security"
    assert first.response.headers["Content-Language"] == "de"


async def test_page_in_another_language_keeps_the_target(visitor: Visitor) -> None:
    fields = {"continue": "/account/security", "again": "1", "login_hint": "ada", "other": "x"}
    page = await visitor.get("/account/login", **fields)
    link = "/account/login?continue=%2Faccount%2Fsecurity&lang=de&again=1&login_hint=ada"
    assert link in page.reader.links

    page = await visitor.submit(page, "/account/login", identifier="", password="")
    assert "/account/login?continue=%2Faccount%2Fsecurity&lang=de" in page.reader.links


async def test_target_on_another_site_is_ignored_at_each_step(visitor: Visitor) -> None:
    page = await visitor.get("/account/login", **{"continue": "//evil.example"})
    assert "evil.example" not in page.response.text

    fields = {"identifier": "ada", "password": visitor.password, "continue": "https://evil.example"}
    assert (await visitor.post("/account/login", fields)).location == "/account"


async def test_wrong_password_shows_the_form_again_without_it(visitor: Visitor) -> None:
    page = await visitor.log_in(password="Wrong-Horse-7-Staple", keep="on")

    assert page.outcome == (422, "login", "INVALID_CREDENTIALS")
    assert page.form("/account/login").fields["identifier"] == "ada"
    assert page.form("/account/login").fields["keep"] == "on"
    assert "Wrong-Horse" not in page.response.text
    assert "Set-Cookie" not in page.response.headers


async def test_program_that_prefers_json_gets_errors_as_documents(visitor: Visitor) -> None:
    fields = {"identifier": "ada", "password": "Wrong-Horse-7-Staple"}
    page = await visitor.post("/account/login", fields, headers={"Accept": "application/json"})

    assert (page.status, page.response.json()["error_code"]) == (401, "INVALID_CREDENTIALS")


async def test_empty_fields_are_named(visitor: Visitor) -> None:
    page = await visitor.log_in(identifier="", password="")

    assert page.outcome == (422, "login", "VALIDATION_ERROR")
    assert page.field_error("identifier")
    assert page.field_error("password")


async def test_new_sign_in_replaces_the_session_of_the_browser(visitor: Visitor) -> None:
    await visitor.log_in()
    before = visitor.client.cookies[COOKIE]
    page = await visitor.get("/account/login", again="1")
    await visitor.submit(page, "/account/login", identifier="ada", password=visitor.password)

    assert visitor.client.cookies[COOKIE] != before
    visitor.client.cookies.clear()
    visitor.headers["Cookie"] = f"{COOKIE}={before}"
    assert (await visitor.get("/account/login")).name == "login"


async def test_signed_in_person_is_asked_with_which_account_to_go_on(visitor: Visitor) -> None:
    await visitor.log_in()
    page = await visitor.get("/account/login", **{"continue": "/account/security"})

    assert page.name == "continue"
    assert (await visitor.submit(page, "/account/login/continue")).location == "/account/security"
    assert "/account/login?continue=%2Faccount%2Fsecurity&again=1" in page.reader.links


async def test_going_on_without_a_session_leads_to_the_sign_in_page(visitor: Visitor) -> None:
    page = await visitor.post("/account/login/continue", {"continue": "/account/security"})

    assert (page.status, page.location) == (303, "/account/login?continue=%2Faccount%2Fsecurity")


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "cross_site"),
        ({"Sec-Fetch-Site": "same-site"}, "cross_site"),  # another port of the host, or another subdomain
        ({"Origin": "null"}, "origin_not_allowed"),
        ({"Origin": "http://testserver:81"}, "origin_not_allowed"),
        ({}, "origin_missing"),
    ],
)
async def test_sign_in_sent_by_another_site_is_refused(visitor: Visitor, headers: dict[str, str], rule: str) -> None:
    response = await visitor.client.post(
        "/account/login",
        data={"identifier": "ada", "password": visitor.password},
        headers={"Accept": "application/json", **headers},
    )

    assert (response.status_code, response.json()["error_code"], response.json()["rule"]) == (
        403,
        "CROSS_SITE_REQUEST",
        rule,
    )
    assert "Set-Cookie" not in response.headers


async def test_sign_in_of_an_older_browser_is_recognized_by_its_origin(visitor: Visitor) -> None:
    response = await visitor.client.post(
        "/account/login",
        data={"identifier": "ada", "password": visitor.password},
        headers={"Origin": "http://testserver"},
    )

    assert response.status_code == 303


async def test_limit_shows_the_form_again_with_the_time_to_wait(
    app_with: OtherAppFactory, user_factory: UserFactory
) -> None:
    await user_factory()
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        visitor = Visitor(other.client)
        for _ in range(5):
            await visitor.log_in(password="Wrong-Horse-7-Staple")
        page = await visitor.log_in()

    assert page.outcome == (429, "login", "RATE_LIMITED")
    assert int(page.response.headers["Retry-After"]) > 0
    assert page.form("/account/login").fields["identifier"] == "ada"


async def test_page_is_not_stored_and_may_open_only_its_own_files(visitor: Visitor) -> None:
    headers = (await visitor.get("/account/login")).response.headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Cross-Origin-Opener-Policy" not in headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
