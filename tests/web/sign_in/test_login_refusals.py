"""What the login page does if a correct password opens no session, and what it does with anything that is typed."""

import httpx
import pytest

from tests.conftest import OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.held_hasher import remove_all_slots
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.visitor import COOKIE, Visitor

LOGIN = "/account/login"
WAY = "?continue=%2Faccount%2Fprofile"


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, who has an account, at a browser without script."""
    await user_factory()
    return Visitor(client)


async def test_disabled_account_has_a_page_of_its_own(visitor: Visitor, app_with: OtherAppFactory) -> None:
    async with app_with(BRAND_LINKS='{"support": "mailto:help@example.com"}') as other:
        visitor = Visitor(other.client)
        await visitor.log_in()
        await operators.disable(other.services, "ada")
        assert (await visitor.get(LOGIN)).name == "login"  # the account was disabled while the session was open
        page = await visitor.log_in("/account/profile")

    assert page.outcome == (403, "account-disabled", "ACCOUNT_DISABLED")
    assert "Set-Cookie" not in page.response.headers
    assert {"mailto:help@example.com", f"{LOGIN}{WAY}"} <= set(page.reader.links)


async def test_address_that_is_not_verified_has_a_page_that_sends_the_mail_again(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    await user_factory()
    async with verifying_app(app_with, mailbox) as other:
        visitor = Visitor(other.client)
        for identifier, hidden in ((" Ada@example.com ", "Ada@example.com"), ("ada", "")):
            page = await visitor.log_in("/account/profile", identifier=identifier)
            assert page.outcome == (403, "email-not-verified", "EMAIL_NOT_VERIFIED")
            assert page.form("/account/resend-email").fields == {"continue": "/account/profile", "email": hidden}
            assert f"{LOGIN}{WAY}" in page.reader.links
            page = await visitor.submit(page, "/account/resend-email", email="ada@example.com")
            assert page.name == "check-mail"
            assert (await mailbox.one()).recipient == "ada@example.com"


async def test_too_many_attempts_and_overload_keep_the_form(
    visitor: Visitor, app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="100") as other:
        visitor = Visitor(other.client)
        for _ in range(6):
            throttled = await visitor.log_in("/account/profile", password="Wrong-Horse-7-Staple")
        with monkeypatch.context() as patch:
            remove_all_slots(other.services.core.hasher, patch)
            overloaded = await visitor.log_in("/account/profile")

    for page, outcome in ((throttled, (429, "TOO_MANY_ATTEMPTS")), (overloaded, (503, "SERVER_OVERLOADED"))):
        assert page.outcome == (outcome[0], "login", outcome[1])
        assert int(page.response.headers["Retry-After"]) > 0
        assert page.form(LOGIN).fields == {"continue": "/account/profile", "identifier": "ada", "password": ""}
    assert ("RateLimit" in throttled.response.headers, "RateLimit" in overloaded.response.headers) == (True, False)


async def test_nothing_that_is_typed_or_in_the_address_becomes_markup(visitor: Visitor) -> None:
    markup = '"><img src=x onerror=alert(1)>'
    parameters = dict.fromkeys(("continue", "lang", "login_hint", "done", "error", "again", "return_to"), markup)
    for path in (LOGIN, "/account/register", "/account/forgot-password", "/account/resend-email", "/account/logout"):
        pages = [
            await visitor.get(path, **parameters),
            await visitor.post(path, {**parameters, "identifier": markup, "email": markup, "username": markup}),
        ]
        for page in pages:
            assert "<img" not in page.response.text, path
            assert "onerror=alert" not in page.response.text.replace("onerror=alert(1)&gt;", ""), path

    page = await visitor.get(LOGIN, login_hint="x" * 300)
    assert page.form(LOGIN).fields["identifier"] == "x" * 254


async def test_no_way_through_the_pages_leads_to_another_site(visitor: Visitor) -> None:
    targets = (
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/account/../..//evil.example",
        "/accountevil.example",
        "/account\r\nLocation: https://evil.example",
        "https://evil.example",
    )
    fields = {"identifier": "ada", "email": "ada@example.com", "username": "ada", "password": visitor.password}
    for target in targets:
        for path in (LOGIN, "/account/login/continue", "/account/register", "/account/forgot-password"):
            pages = [
                await visitor.get(path, **{"continue": target}),
                await visitor.post(path, {**fields, "continue": target}),
            ]
            for page in pages:
                assert "evil" not in page.location, (path, target)
                assert "evil" not in page.response.text, (path, target)


async def test_form_that_is_sent_twice_leaves_one_session_in_the_browser(visitor: Visitor) -> None:
    page = await visitor.get(LOGIN)
    fields = {"identifier": "ada", "password": visitor.password}
    cookies = []
    for _ in range(2):  # "back", and once more
        assert (await visitor.submit(page, LOGIN, **fields)).location == "/account"
        cookies.append(visitor.client.cookies[COOKIE])

    found = []
    for cookie in cookies:
        visitor.client.cookies.clear()
        visitor.headers["Cookie"] = f"{COOKIE}={cookie}"
        found.append((await visitor.get(LOGIN)).name)
    assert found == ["login", "continue"]
