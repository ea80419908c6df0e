"""GET and POST /account/email, and the form that sends the verification mail again."""

import httpx
import pytest

from tests.conftest import OtherAppFactory, UserFactory
from tests.support.mailbox import Mailbox
from tests.support.rows import age_sessions, audit_actions, outbox_rows, user_rows
from tests.support.visitor import Visitor

EMAIL = "/account/email"
NEW = "ada@example.org"


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, who is logged in. Her address is not verified."""
    await user_factory()
    visitor = Visitor(client)
    await visitor.log_in()
    return visitor


async def test_new_address_gets_a_link_and_the_page_is_the_same_if_another_account_has_it(
    visitor: Visitor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    await user_factory(username="bob")
    shown = []
    for address in (NEW, "bob@example.com"):
        page = await visitor.get(EMAIL, new_email="eve@example.org")
        assert page.form(EMAIL).fields["new_email"] == ""
        sent = await visitor.submit(page, EMAIL, new_email=address, current_password=visitor.password)
        assert sent.location == f"{EMAIL}?done=mail-sent"
        await mailbox.collect()
        shown.append((await visitor.follow(sent)).text)

    assert shown[0] == shown[1]
    assert "An e-mail with a link is on its way." in shown[0]
    assert [message.recipient for message in mailbox.sent] == [NEW]
    assert (await user_rows())[0]["email"] == "ada@example.com"


async def test_refused_address_is_filled_in_again_without_the_password(visitor: Visitor) -> None:
    page = await visitor.get(EMAIL)

    wrong = await visitor.submit(page, EMAIL, new_email=NEW, current_password="Wrong-Horse-7-Staple")
    assert wrong.outcome == (422, "email", "INVALID_CREDENTIALS")
    assert wrong.form(EMAIL).fields["new_email"] == NEW
    assert "Wrong-Horse" not in wrong.response.text
    empty = await visitor.submit(page, EMAIL, new_email="ada@")
    assert empty.outcome == (422, "email", "VALIDATION_ERROR")
    assert empty.field_error("new_email") == "Must be a valid e-mail address."
    without = await visitor.submit(page, EMAIL, new_email=NEW)
    assert without.outcome == (422, "email", "VALIDATION_ERROR")
    assert without.field_error("current_password") == "Please fill in this field."
    assert await outbox_rows() == []


async def test_password_in_the_form_is_enough_long_after_the_login(visitor: Visitor) -> None:
    await age_sessions(minutes=6)
    page = await visitor.get(EMAIL)

    sent = await visitor.submit(page, EMAIL, new_email=NEW, current_password=visitor.password)

    assert sent.location == f"{EMAIL}?done=mail-sent"


async def test_verification_mail_is_sent_again_from_two_pages(visitor: Visitor, mailbox: Mailbox) -> None:
    for path in (EMAIL, "/account"):
        sent = await visitor.submit(await visitor.get(path), f"{EMAIL}/resend")
        assert sent.location == f"{EMAIL}?done=mail-resent"
        assert "Open the link within 24 hours." in (await visitor.follow(sent)).text
        await mailbox.collect()

    assert [message.recipient for message in mailbox.sent] == ["ada@example.com"] * 2
    assert "email:change_requested" not in await audit_actions()


async def test_page_does_not_exist_where_mail_is_off(app_with: OtherAppFactory, user_factory: UserFactory) -> None:
    await user_factory()
    async with app_with(MAIL_FROM="", MAIL_FOLDER="") as other:
        visitor = Visitor(other.client)
        await visitor.log_in()
        overview = await visitor.get("/account")
        missing = await visitor.get(EMAIL)

    assert missing.outcome == (404, "error", "NOT_FOUND")
    assert EMAIL not in overview.reader.links
    assert "verified" not in overview.text
