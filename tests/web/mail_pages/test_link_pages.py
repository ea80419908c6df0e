"""/account/confirm-email, /account/undo-email and /account/report."""

import httpx
import pytest

from auth_api.events.audit.tables import AuditLogRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.mail_flows import NEW_PASSWORD, change_email, change_password, confirm
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import audit_actions
from tests.support.visitor import Visitor

NEW = "ada@example.org"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """Ada, with a verified e-mail address."""
    return await user_factory(is_verified=True)


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """Ada's browser."""
    return Visitor(client)


async def test_new_address_is_confirmed_and_only_the_session_of_this_browser_stays(
    visitor: Visitor, ada: Actor, mailbox: Mailbox
) -> None:
    await visitor.log_in()
    await change_email(ada, NEW)
    token = await mailbox.token()
    path = "/account/confirm-email"

    done = await visitor.submit(await visitor.get(path), path, token=token)

    assert done.outcome == (200, "email-changed", "")
    assert "/account" in done.reader.links
    assert (await visitor.get("/account/login")).name == "continue"
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "email:changed")
    assert row["actor"] == "owner"
    assert (await ada.try_refresh()).status == 401
    assert (await ada.log_in(username=None, email=NEW)).status == 200
    again = await visitor.post(path, {"token": token})
    assert again.outcome == (422, "confirm-email", "ONE_TIME_TOKEN_INVALID")
    assert "request the change again" in again.text


async def test_new_address_of_another_account_leads_to_the_login_and_not_to_the_account_of_this_browser(
    visitor: Visitor, ada: Actor, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    grace = await user_factory()
    await visitor.log_in(identifier=grace.username)
    await change_email(ada, NEW)

    done = await visitor.post("/account/confirm-email", {"token": await mailbox.token()})

    assert done.outcome == (200, "email-changed", "")
    assert "/account/login" in done.reader.links
    assert "/account" not in done.reader.links
    assert grace.username in (await visitor.get("/account/login")).text


async def test_new_address_that_another_account_got_is_not_confirmed(
    visitor: Visitor, ada: Actor, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await change_email(ada, NEW)
    token = await mailbox.token()
    await user_factory(email=NEW)

    page = await visitor.post("/account/confirm-email", {"token": token})

    assert page.outcome == (422, "email-taken", "DUPLICATE_EMAIL")
    assert "An account with this e-mail address already exists." in page.text
    assert {"/account/login", "/account/forgot-password"} <= set(page.reader.links)
    assert "email:changed" not in await audit_actions()


async def test_change_is_undone_and_the_text_says_that_a_mail_follows(
    visitor: Visitor, ada: Actor, mailbox: Mailbox
) -> None:
    await change_email(ada, NEW)
    await confirm(ada, await mailbox.token())
    token = token_of((await mailbox.collect())[-1])
    await visitor.log_in()
    path = "/account/undo-email"

    done = await visitor.submit(await visitor.get(path), path, token=token)

    assert done.outcome == (200, "email-restored", "")
    assert "We have sent an e-mail to this address, with a link to set a new password." in done.text
    assert [message.recipient for message in await mailbox.collect()] == [ada.email]
    assert (await ada.log_in()).status == 401
    assert (await visitor.get("/account/login")).name == "login"
    again = await visitor.post(path, {"token": token})
    assert again.outcome == (422, "undo-email", "ONE_TIME_TOKEN_INVALID")
    assert "/account/forgot-password" in again.reader.links


async def test_report_logs_out_all_devices_and_the_text_says_that_a_mail_follows(
    visitor: Visitor, ada: Actor, mailbox: Mailbox
) -> None:
    await visitor.log_in()
    await change_password(ada, NEW_PASSWORD)
    token = token_of((await mailbox.collect())[-1])
    path = "/account/report"

    done = await visitor.submit(await visitor.get(path), path, token=token)

    assert done.outcome == (200, "account-secured", "")
    assert "We have sent you an e-mail with a link to set a new one." in done.text
    assert [message.recipient for message in await mailbox.collect()] == [ada.email]
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 401
    assert (await visitor.get("/account/login")).name == "login"
    again = await visitor.post(path, {"token": token})
    assert again.outcome == (422, "report", "ONE_TIME_TOKEN_INVALID")
    assert again.form("/account/forgot-password").fields["email"] == ""
