"""GET and POST /account/register."""

import httpx
import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD
from tests.support.breakers import begin_outage
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.rows import audit_actions, outbox_rows, user_rows
from tests.support.visitor import COOKIE, Page, Visitor

REGISTER = "/account/register"


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """Ada, who has no account yet, at a browser without script."""
    return Visitor(client)


async def register(visitor: Visitor, target: str = "", **typed: str) -> Page:
    page = await visitor.get(REGISTER, **({"continue": target} if target else {}))
    fields = {"email": visitor.email, "username": visitor.username, "password": visitor.password, **typed}
    return await visitor.submit(page, REGISTER, **fields)


async def test_registration_signs_in_and_leads_to_the_target(visitor: Visitor) -> None:
    page = await visitor.get("/account/login", **{"continue": "/account/security", "lang": "de"})
    link = f"{REGISTER}?continue=%2Faccount%2Fsecurity&lang=de"
    assert link in page.reader.links
    page = await visitor.get(link)
    assert "/account/login?continue=%2Faccount%2Fsecurity&lang=de" in page.reader.links

    fields = {"email": "Ada@Example.com", "username": "Ada", "password": PASSWORD, "keep": "on", "is_admin": "on"}
    page = await visitor.submit(page, REGISTER, **fields)

    assert (page.status, page.location) == (303, "/account/security")
    cookie = page.response.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=bs_")
    assert "Max-Age" in cookie
    (user,) = await user_rows()
    assert (user["email"], user["username"], user["locale"]) == ("ada@example.com", "ada", "de")
    assert await audit_actions() == ["account:registered"]
    assert [mail["template"] for mail in await outbox_rows()] == ["email_verification"]
    assert (await visitor.get("/account/login")).name == "continue"


async def test_all_invalid_fields_are_named_and_kept_except_the_password(visitor: Visitor) -> None:
    markup = '"><script>alert(1)</script>'
    page = await register(visitor, email=markup, username=markup, password="short-ada", keep="on")

    assert page.outcome == (422, "register", "VALIDATION_ERROR")
    assert all(map(page.field_error, ("email", "username", "password")))
    assert page.form(REGISTER).fields == {"email": markup, "username": markup, "password": "", "keep": "on"}
    assert "<script>alert" not in page.response.text
    assert "short-ada" not in page.response.text

    page = await register(visitor, email="", username="", password="")
    assert all(map(page.field_error, ("email", "username", "password")))
    assert await user_rows() == []


async def test_taken_address_or_name_is_stated_at_its_field_with_a_way_to_log_in(
    visitor: Visitor, user_factory: UserFactory
) -> None:
    await user_factory()

    page = await register(visitor, "/account/profile", username="grace")
    assert page.outcome == (422, "register", "DUPLICATE_EMAIL")
    assert (bool(page.field_error("email")), bool(page.field_error("username"))) == (True, False)
    way = "?continue=%2Faccount%2Fprofile"
    assert {f"/account/login{way}", f"/account/forgot-password{way}"} <= set(page.reader.links)

    page = await register(visitor, email="grace@example.com")
    assert page.outcome == (422, "register", "DUPLICATE_USERNAME")
    assert (bool(page.field_error("email")), bool(page.field_error("username"))) == (False, True)

    page = await register(visitor)  # the same form twice
    assert page.outcome == (422, "register", "DUPLICATE_EMAIL")
    assert len(await user_rows()) == 1


async def test_registration_in_a_signed_in_browser_replaces_its_session(visitor: Visitor) -> None:
    await register(visitor)
    before = visitor.client.cookies[COOKIE]
    page = await visitor.get(REGISTER)
    assert "You are logged in as ada." in page.text

    fields = {"email": "grace@example.com", "username": "grace", "password": PASSWORD}
    page = await visitor.submit(page, REGISTER, **fields)

    assert page.status == 303
    assert "grace" in (await visitor.get("/account/login")).text
    visitor.client.cookies.clear()
    visitor.headers["Cookie"] = f"{COOKIE}={before}"
    assert (await visitor.get("/account/login")).name == "login"


async def test_page_shows_the_rules_of_the_server(visitor: Visitor, app_with: OtherAppFactory) -> None:
    rules = (await visitor.get(REGISTER)).text
    async with app_with(PASSWORD_REQUIRE_COMPLEXITY="false") as other:
        simple = (await Visitor(other.client).get(REGISTER)).text

    for text in (rules, simple):
        assert "At least 12 characters" in text
        assert "3 to 50 characters" in text
    assert ("a symbol" in rules, "a symbol" in simple) == (True, False)


async def test_limit_and_outage_show_the_form_again(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        visitor = Visitor(other.client)
        await begin_outage()
        page = await register(visitor, "/account/profile")
        assert page.outcome == (503, "register", "CIRCUIT_BREAKER_OPEN")
        assert int(page.response.headers["Retry-After"]) > 0
        breakers.get(SERVICE).close()

        for _ in range(21):
            page = await visitor.post(REGISTER, {"continue": "/account/profile", "username": "ada"})
        assert page.outcome == (429, "register", "RATE_LIMITED")
        assert page.form(REGISTER).fields["username"] == "ada"
        assert page.form(REGISTER).fields["continue"] == "/account/profile"
        assert "minutes" in page.text


@pytest.mark.parametrize("enumeration_safe", ["false", "true"])
async def test_registration_that_waits_for_the_mail_leads_to_the_inbox(
    app_with: OtherAppFactory, mailbox: Mailbox, enumeration_safe: str
) -> None:
    async with verifying_app(app_with, mailbox, REGISTRATION_ENUMERATION_SAFE=enumeration_safe) as other:
        visitor = Visitor(other.client)
        page = await register(visitor, "/account/profile")

        assert page.outcome == (200, "check-mail", "")
        assert "Set-Cookie" not in page.response.headers
        assert "ada@example.com" in page.text
        way = "?continue=%2Faccount%2Fprofile"
        assert {f"/account/login{way}", f"{REGISTER}{way}"} <= set(page.reader.links)
        assert (await mailbox.one()).recipient == "ada@example.com"

        if enumeration_safe == "true":  # only another registration sends another mail
            assert page.reader.forms == []
            again = await register(visitor, "/account/profile")
            assert again.response.text == page.response.text
            return
        page = await visitor.submit(page, "/account/resend-email")
        assert page.outcome == (200, "check-mail", "")
        assert (await mailbox.one()).recipient == "ada@example.com"
        page = await visitor.log_in()
        assert page.outcome == (403, "email-not-verified", "EMAIL_NOT_VERIFIED")
