"""/account/verify-email and the form that sends its mail."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from auth_api.credentials.providers.service import Providers
from auth_api.events.audit.tables import AuditLogRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.fake_provider import FakeProvider
from tests.support.mail_flows import NEW_PASSWORD, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.rows import audit_actions, user_rows
from tests.support.visitor import Visitor

PATH = "/account/verify-email"


async def is_verified() -> bool:
    (row,) = await user_rows()
    return row["email_verified_at"] is not None


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """A person with Ada's mail."""
    return Visitor(client)


@pytest.fixture
async def token(ada: Actor, mailbox: Mailbox) -> str:
    """The token of the mail to Ada, who has just registered."""
    await ada.register()
    return await mailbox.token()


async def test_password_verifies_the_address_and_keeps_the_sessions(visitor: Visitor, ada: Actor, token: str) -> None:
    page = await visitor.get(PATH)
    assert page.reader.inputs["password"]["autocomplete"] == "current-password"
    wrong = await visitor.submit(page, PATH, token=token, password="Wrong-Horse-7-Staple")
    assert wrong.outcome == (422, "verify-email", "INVALID_CREDENTIALS")
    assert "This is not the password of the account." in wrong.field_error("password")
    assert wrong.form(PATH).fields["token"] == token
    assert "Wrong-Horse" not in wrong.response.text

    done = await visitor.submit(wrong, PATH, password=ada.password)

    assert done.outcome == (200, "email-verified", "")
    assert "/account/login" in done.reader.links
    assert await is_verified()
    assert (await ada.try_refresh()).status == 200


async def test_page_advises_to_log_in_with_the_provider_first(
    app_with: OtherAppFactory, mailbox: Mailbox, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    advice = "the service stays linked"
    assert advice not in (await visitor.get(PATH)).text

    monkeypatch.setattr("auth_api.composition.create_providers", lambda *_: Providers((FakeProvider(),)))
    async with verifying_app(app_with, mailbox) as other:
        page = await Visitor(other.client).get(PATH)

    assert advice in page.text
    assert "/account/login" in page.reader.links


async def test_address_is_not_verified_without_a_password_by_mistake(visitor: Visitor, ada: Actor, token: str) -> None:
    page = await visitor.submit(await visitor.get(PATH), PATH, token=token)

    assert page.outcome == (422, "verify-email", "VALIDATION_ERROR")
    assert page.field_error("password")
    assert not await is_verified()
    assert (await ada.log_in()).status == 200


async def test_button_verifies_without_a_password_and_leads_to_a_new_one(
    visitor: Visitor, ada: Actor, token: str
) -> None:
    page = await visitor.get(PATH)
    assert page.form(PATH).buttons == [("without", "on")]
    step = await visitor.submit(page, PATH, token=token, password="typed before", without="on")
    assert step.outcome == (200, "choose-password", "")
    assert step.reader.inputs["username"]["value"] == ada.username
    assert [link for link in step.reader.links if "#token" in link] == []  # this code belongs to another page
    assert "Your e-mail address is verified." in step.text
    assert (await ada.log_in()).status == 401

    done = await visitor.submit(step, "/account/reset-password", new_password=NEW_PASSWORD)

    assert done.name == "password-set"
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_person_who_is_logged_in_needs_no_password(visitor: Visitor, ada: Actor, token: str) -> None:
    await visitor.log_in()
    page = await visitor.get(PATH)
    assert "password" not in page.reader.inputs
    assert "You are logged in as ada." in page.text

    done = await visitor.submit(page, PATH, token=token)

    assert done.outcome == (200, "email-verified", "")
    assert await is_verified()
    assert (await visitor.get("/account/login")).name == "continue"  # the session is alive
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "email:verified")
    assert (row["actor"], json.loads(row["details"])["via"]) == ("owner", "page")
    assert (await ada.log_in()).status == 200


async def test_used_link_says_that_the_address_of_the_open_session_is_verified(visitor: Visitor, token: str) -> None:
    await visitor.log_in()
    await visitor.submit(await visitor.get(PATH), PATH, token=token)

    again = await visitor.submit(await visitor.get(PATH), PATH, token=token, password=PASSWORD)

    assert again.outcome == (422, "verify-email", "ONE_TIME_TOKEN_INVALID")
    assert "You are logged in as ada, and the e-mail address ada@example.com of this account is verified." in again.text
    assert "/account" in again.reader.links


async def test_link_of_another_account_asks_for_the_password_of_that_account(
    visitor: Visitor, ada: Actor, token: str, user_factory: UserFactory
) -> None:
    await user_factory(username="grace")
    await visitor.log_in(identifier="grace")

    page = await visitor.submit(await visitor.get(PATH), PATH, token=token)
    assert page.outcome == (422, "verify-email", "VALIDATION_ERROR")
    assert page.field_error("password")
    assert (await ada.log_in()).status == 200
    done = await visitor.submit(page, PATH, password=ada.password)

    assert done.name == "email-verified"
    assert "/account/login" in done.reader.links
    assert "/account" not in done.reader.links  # that of Grace


@pytest.fixture
async def waiting(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[Visitor]:
    """A person at an application that creates accounts only after the e-mail address is verified."""
    async with verifying_app(app_with, mailbox, REGISTRATION_ENUMERATION_SAFE="true") as other:
        yield Visitor(other.client)


async def staged(visitor: Visitor, mailbox: Mailbox, **changed: str) -> str:
    """Register, and return the token of the mail."""
    person = {"username": "ada", "email": visitor.email, "password": PASSWORD, **changed}
    assert (await visitor.client.post("/api/auth/register", json=person)).status_code == 202
    return await mailbox.token()


async def test_username_that_was_taken_meanwhile_is_asked_for_again(waiting: Visitor, mailbox: Mailbox) -> None:
    token = await staged(waiting, mailbox)
    rival = await staged(waiting, mailbox, email="rival@example.com")
    assert (await waiting.post(PATH, {"token": rival, "password": PASSWORD})).name == "email-verified"

    page = await waiting.get(PATH)
    assert "username" not in page.reader.inputs
    page = await waiting.submit(page, PATH, token=token, password=PASSWORD)
    assert page.outcome == (422, "verify-email", "DUPLICATE_USERNAME")
    assert "no longer available" in page.field_error("username")
    page = await waiting.submit(page, PATH, username="ada2", password="Wrong-Horse-7-Staple")
    assert page.form(PATH).fields["username"] == "ada2"
    page = await waiting.submit(page, PATH, password=PASSWORD)

    assert page.name == "email-verified"
    assert sorted(row["username"] for row in await user_rows()) == ["ada", "ada2"]


async def test_address_that_an_account_has_by_now_leads_to_its_login(waiting: Visitor, mailbox: Mailbox) -> None:
    token = await staged(waiting, mailbox)
    rival = await staged(waiting, mailbox, username="rival", email="rival@example.com")
    await waiting.post(PATH, {"token": rival, "password": PASSWORD})
    await UserRow.update({UserRow.email: waiting.email}, force=True)

    page = await waiting.post(PATH, {"token": token, "password": PASSWORD})

    assert page.outcome == (422, "email-taken", "DUPLICATE_EMAIL")
    assert {"/account/login", "/account/forgot-password"} <= set(page.reader.links)


async def test_used_code_leads_to_a_form_for_a_new_mail(
    visitor: Visitor, ada: Actor, token: str, mailbox: Mailbox
) -> None:
    used = await visitor.post(PATH, {"token": "ot_" + "a" * 43, "password": PASSWORD})
    assert used.outcome == (422, "verify-email", "ONE_TIME_TOKEN_INVALID")

    sent = await visitor.submit(used, "/account/resend-email", email=ada.email)

    assert sent.outcome == (200, "check-mail", "")
    again = await visitor.post(PATH, {"token": await mailbox.token(), "password": PASSWORD})
    assert again.name == "email-verified"
    assert "email:verified" in await audit_actions()
