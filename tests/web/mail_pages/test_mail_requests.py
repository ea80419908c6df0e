"""GET and POST /account/forgot-password and /account/resend-email, and the page that leads to the inbox."""

import httpx
import pytest

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.breakers import begin_outage
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.rows import outbox_rows
from tests.support.visitor import Visitor

FORGOT, RESEND = "/account/forgot-password", "/account/resend-email"
PAGES = {FORGOT: "forgot-password", RESEND: "resend-email"}

TARGET = {"continue": "/account/profile", "lang": "en"}
WAY = "?continue=%2Faccount%2Fprofile&lang=en"


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """A person at a browser without script."""
    return Visitor(client)


@pytest.mark.parametrize(("path", "template"), [(FORGOT, "password_reset"), (RESEND, "email_verification")])
async def test_mail_is_sent_and_the_response_does_not_reveal_who_has_an_account(
    visitor: Visitor, user_factory: UserFactory, mailbox: Mailbox, path: str, template: str
) -> None:
    await user_factory()
    texts = []
    for email in ("ada@example.com", "eve@example.com"):
        page = await visitor.get(path, **TARGET)
        page = await visitor.submit(page, path, email=email)
        assert page.outcome == (200, "check-mail", "")
        texts.append(page.response.text.replace(email, ""))

    assert texts[0] == texts[1]
    assert [mail["template"] for mail in await outbox_rows()] == [template, template]
    assert (await mailbox.one()).recipient == "ada@example.com"
    before = len(await outbox_rows())

    assert {f"/account/login{WAY}", f"{path}{WAY}"} <= set(page.reader.links)
    page = await visitor.submit(page, path)  # "Send the e-mail again"
    assert page.outcome == (200, "check-mail", "")
    assert len(await outbox_rows()) == before + 1


async def test_refusals_show_the_form_again(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        visitor = Visitor(other.client)
        for path, name in PAGES.items():
            assert (await visitor.get(path, **{"continue": "//evil.example"})).form(path).fields == {"email": ""}
            markup = '"><b>@x'
            page = await visitor.post(path, {**TARGET, "email": markup})
            assert page.outcome == (422, name, "VALIDATION_ERROR")
            assert page.field_error("email")
            assert page.form(path).fields == {**TARGET, "email": markup}
            assert f"/account/login{WAY}" in page.reader.links

            await begin_outage()
            page = await visitor.post(path, {**TARGET, "email": "ada@example.com"})
            assert page.outcome == (503, name, "CIRCUIT_BREAKER_OPEN")
            breakers.get(SERVICE).close()

            for _ in range(20):
                page = await visitor.post(path, {**TARGET, "email": "ada@example.com"})
            assert page.outcome == (429, name, "RATE_LIMITED")
            assert page.form(path).fields["email"] == "ada@example.com"


async def test_mail_is_requested_where_people_do_not_log_in_on_this_server(
    app_with: OtherAppFactory, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=False)
    async with verifying_app(app_with, mailbox, PUBLIC_URL="http://testserver/auth") as other:
        visitor = Visitor(other.client)
        for path, name in PAGES.items():
            page = await visitor.get(path)
            assert page.outcome == (200, name, "")
            assert page.form(f"/auth{path}").fields == {"email": ""}
            sent = await visitor.post(path, {"email": ada.email})
            assert sent.outcome == (200, "check-mail", "")
            assert (await mailbox.one()).recipient == ada.email
            links = {link for link in (*page.reader.links, *sent.reader.links) if link.startswith("/")}
            assert links == {f"/auth{path}", f"/auth{path}?lang=en", f"/auth{path}?lang=de"}


async def test_pages_that_request_mail_exist_only_where_mail_is_sent(app_with: OtherAppFactory) -> None:
    production = {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://testserver",
        "CORS_ORIGINS": "[]",
        "RATE_LIMIT_ENABLED": "true",
        "HOSTED_PAGES": "true",
    }
    async with app_with(**production) as other:
        visitor = Visitor(other.client, headers={"X-Forwarded-Proto": "https"})
        for path in PAGES:
            assert (await visitor.get(path)).status == 404
        links = (await visitor.get("/account/login")).reader.links

    assert "/account/register" in links
    assert not [link for link in links if link.startswith(tuple(PAGES))]


async def test_development_links_to_its_mailbox(app_with: OtherAppFactory) -> None:
    async with app_with(ENVIRONMENT="development") as other:
        page = await Visitor(other.client).post(FORGOT, {"email": "ada@example.com"})

    assert "/dev/mailbox" in page.reader.links


async def test_pages_of_tests_do_not_link_to_a_mailbox(visitor: Visitor) -> None:
    page = await visitor.post(FORGOT, {"email": "ada@example.com"})

    assert "/dev/mailbox" not in page.reader.links
