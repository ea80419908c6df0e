"""The pages of the links in mails: when they exist, and what opening them does."""

import re
from typing import Final

import httpx
import pytest

from auth_api.features import MAIL_KINDS
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.mail_flows import forgot, unused_tokens
from tests.support.mailbox import Mailbox
from tests.support.page_policy import assert_page_policy
from tests.support.problems import assert_problem
from tests.support.statements import recorded
from tests.support.visitor import Visitor

JSON: Final = {"Accept": "application/json"}
PATHS: Final = sorted({kind.path for kind in MAIL_KINDS if kind.path})


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """A person who is not logged in."""
    return Visitor(client)


async def test_each_path_of_a_mailed_link_has_a_form_for_its_code(visitor: Visitor) -> None:
    for path in PATHS:
        page = await visitor.get(path)

        assert page.outcome == (200, path.removeprefix("/account/"), "")
        assert page.form(path).fields["token"] == ""
        assert_page_policy(page.response)


async def test_opening_a_page_needs_no_database_and_ignores_the_query(
    services: Services, visitor: Visitor, mailbox: Mailbox
) -> None:
    with recorded(services.core.database.engine) as statements:
        for path in PATHS:
            page = await visitor.get(path, token="ot_" + "a" * 43, new_password="x", email="ada@example.com")
            assert (page.status, page.error) == (200, "")
            assert "ot_aaa" not in page.response.text

    assert statements == []
    assert await mailbox.collect() == []


async def test_link_of_a_mail_is_not_used_by_a_scanner_that_sends_the_first_form(
    visitor: Visitor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory()
    await forgot(ada, ada.email)
    token = await mailbox.token()
    page = await visitor.get("/account/reset-password")

    for _ in range(2):
        assert (await visitor.submit(page, "/account/reset-password", token=token)).name == "choose-password"

    assert await unused_tokens() == ["password_reset"]
    assert (await ada.log_in()).status == 200


async def test_code_that_was_not_sent_is_refused_by_each_page(visitor: Visitor) -> None:
    for path in PATHS:
        page = await visitor.get(path)
        for token, code in (
            ("", "VALIDATION_ERROR"),
            ("ot_" + "a" * 43, "ONE_TIME_TOKEN_INVALID"),
            ("?", "ONE_TIME_TOKEN_INVALID"),
        ):
            refused = await visitor.submit(page, path, token=token, password=visitor.password)
            assert refused.outcome == (422, path.removeprefix("/account/"), code)
            assert refused.field_error("token")
            assert refused.form(path).fields["token"] == ""


async def test_refused_code_leads_to_a_new_mail_or_to_another_way_on(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    links = '{"home": "https://app.example.com", "support": "mailto:help@example.com"}'
    ways = {
        "/account/reset-password": "/account/forgot-password",
        "/account/verify-email": "/account/resend-email",
        "/account/confirm-email": "https://app.example.com",
        "/account/undo-email": "mailto:help@example.com",
        "/account/report": "/account/forgot-password",
    }
    async with app_with(mailer=mailbox, BRAND_LINKS=links, HOSTED_PAGES="false") as other:
        visitor = Visitor(other.client)
        for path, way in ways.items():
            page = await visitor.post(path, {"token": "ot_used"})
            assert way in [*(form.action for form in page.reader.forms), *page.reader.links]
            assert [link for link in page.reader.links if link.startswith("/account/login")] == []


async def test_pages_exist_if_links_lead_here_or_this_server_has_other_pages(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    elsewhere = {"FRONTEND_URL": "https://app.example.com"}
    exists = [
        {"FRONTEND_URL": "http://testserver/"},
        {**elsewhere, "HOSTED_PAGES": "true"},
        {"PUBLIC_URL": "http://testserver/auth"},
    ]
    for variables in exists:
        async with app_with(mailer=mailbox, **variables) as other:
            for path in PATHS:
                assert (await other.client.get(path)).status_code == 200, (variables, path)
    for variables in (elsewhere, {"FRONTEND_URL": "http://testserver/app"}):
        async with app_with(mailer=mailbox, **variables) as other:
            for path in PATHS:
                assert_problem(await other.client.get(path, headers=JSON), 404, "NOT_FOUND")


async def test_pages_do_not_exist_without_mail(app_with: OtherAppFactory) -> None:
    async with app_with() as other:
        for path in PATHS:
            assert_problem(await other.client.get(path, headers=JSON), 404, "NOT_FOUND")


async def test_addresses_of_a_page_begin_with_the_path_prefix(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, PUBLIC_URL="http://testserver/auth") as other:
        refused = await Visitor(other.client).post("/account/reset-password", {"token": "ot_used"})

    addresses = re.findall(r'\b(?:src|href|action)="([^"]*)"', refused.response.text)
    assert {"/auth/account/reset-password", "/auth/account/forgot-password"} <= set(addresses)
    assert [address for address in addresses if not address.startswith(("/auth/", "#", "data:"))] == []


async def test_limit_on_mailed_tokens_keeps_the_code_and_says_how_long_to_wait(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    token = "ot_" + "a" * 43
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        visitor = Visitor(other.client)
        pages = [await visitor.post("/account/report", {"token": token}) for _ in range(21)]

    assert {page.status for page in pages[:-1]} == {422}
    assert pages[-1].outcome == (429, "report", "RATE_LIMITED")
    assert pages[-1].form("/account/report").fields["token"] == token
    assert "Try again in" in pages[-1].text
    assert pages[-1].response.headers["Retry-After"]
