"""E-mail change: confirmed by the password and from the new mailbox, announced to the old one."""

import asyncio
from collections import Counter

import pytest

from auth_api.events.outbox.delivery import Delivery
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.actors import Actor
from tests.support.mail_flows import (
    NEW_PASSWORD,
    change_email,
    change_password,
    confirm,
    forgot,
    mark_all_verified,
    reset,
    unused_tokens,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import age_mails, audit_actions
from tests.support.statements import recorded

NEW = "ada@example.org"
INVALID = (400, "ONE_TIME_TOKEN_INVALID")


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """Ada, with a verified e-mail address."""
    ada = await user_factory()
    await mark_all_verified()
    return ada


async def test_email_changes_only_when_the_link_is_used(ada: Actor, mailbox: Mailbox) -> None:
    response = await change_email(ada, "Ada@Example.org")

    assert (response.status, response.json) == (
        202,
        {"message": "If no account has this e-mail address, an e-mail is on its way to it."},
    )
    message = await mailbox.one()
    assert (message.recipient, message.subject) == (NEW, "Verify your new e-mail address")
    assert f"/account/confirm-email#token={token_of(message)}" in message.text
    assert "ada," not in message.text
    assert (await ada.profile())["email"] == "ada@example.com"
    assert (await audit_actions())[-1] == "email:change_requested"


async def test_link_changes_the_email_and_ends_all_other_sessions(ada: Actor, mailbox: Mailbox) -> None:
    phone = Actor(ada.client)
    await phone.log_in()
    await change_email(ada, NEW)

    response = await confirm(ada, await mailbox.token(), bearer=ada.access_token)

    assert (response.status, response.json) == (200, {"message": "The e-mail address has been changed."})
    profile = await ada.profile()
    assert (profile["email"], profile["email_verified"]) == (NEW, True)
    assert (await ada.refresh()).status == 200
    assert (await phone.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await audit_actions())[-1] == "email:changed"
    assert (await ada.log_in(username=None, email=NEW)).status == 200
    assert (await ada.log_in(username=None, email="ada@example.com")).outcome == (401, "INVALID_CREDENTIALS")


async def test_link_without_session_ends_all_sessions(ada: Actor, user_factory: UserFactory, mailbox: Mailbox) -> None:
    bob = await user_factory(username="bob")
    await change_email(ada, NEW)

    assert (await confirm(ada, await mailbox.token(), bearer=bob.access_token)).status == 200

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await bob.profile()).status == 200


async def test_old_address_gets_a_notice_with_the_undo_link(ada: Actor, mailbox: Mailbox) -> None:
    await change_email(ada, NEW)
    await confirm(ada, await mailbox.token())

    message = await mailbox.one()

    assert (message.recipient, message.subject) == ("ada@example.com", "Your e-mail address was changed")
    assert "\n\nNew e-mail address: a***@e***.org\n" in message.text
    assert NEW not in message.text + message.html
    assert f"/account/undo-email#token={token_of(message)}" in message.text
    assert await unused_tokens() == ["email_undo"]


async def test_unverified_old_address_gets_no_undo_link(user_factory: UserFactory, mailbox: Mailbox) -> None:
    """It may be misspelled and belong to a stranger."""
    ada = await user_factory(email="ada@exmaple.com")
    await change_email(ada, NEW)

    await confirm(ada, await mailbox.token())

    assert await mailbox.collect() == []
    assert await unused_tokens() == []


async def test_wrong_password_sends_no_mail(ada: Actor, mailbox: Mailbox) -> None:
    assert (await change_email(ada, NEW, "Not-the-1-password")).outcome == (401, "INVALID_CREDENTIALS")

    assert await mailbox.collect() == []


async def test_invalid_email_is_reported_with_its_field(ada: Actor) -> None:
    response = await change_email(ada, "no address")

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == [("new_email", "format")]


async def test_response_and_work_do_not_reveal_whether_the_email_is_taken(
    ada: Actor, user_factory: UserFactory, mailbox: Mailbox, services: Services
) -> None:
    await user_factory(username="bob")
    responses, work = [], []

    for email in (NEW, "bob@example.com", "ada@example.com"):
        with recorded(services.core.database.engine) as statements:
            responses.append(await change_email(ada, email))
        work.append(statements)

    assert [(response.status, response.response.content) for response in responses] == [
        (202, responses[0].response.content)
    ] * 3
    assert work == [work[0]] * 3
    assert [message.recipient for message in await mailbox.collect()] == [NEW]


async def test_email_taken_in_the_meantime_is_a_conflict(
    ada: Actor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    await change_email(ada, NEW)
    token = await mailbox.token()
    await user_factory(username="quicker", email=NEW)

    assert (await confirm(ada, token)).outcome == (409, "DUPLICATE_EMAIL")
    assert (await ada.profile())["email"] == "ada@example.com"


async def test_token_is_single_use_under_concurrency(ada: Actor, mailbox: Mailbox) -> None:
    await change_email(ada, NEW)
    token = await mailbox.token()

    responses = await asyncio.gather(*(confirm(ada, token) for _ in range(20)))

    assert Counter(response.outcome for response in responses) == {(200, ""): 1, INVALID: 19}
    assert len(await mailbox.collect()) == 1


async def test_later_request_replaces_the_earlier_one(ada: Actor, mailbox: Mailbox) -> None:
    await change_email(ada, "first@example.org")
    first = await mailbox.token()
    await change_email(ada, NEW)
    second = await mailbox.token()

    assert (await confirm(ada, first)).outcome == INVALID
    assert (await confirm(ada, second)).status == 200


async def test_disabled_account_keeps_its_email(ada: Actor, mailbox: Mailbox, services: Services) -> None:
    await change_email(ada, NEW)
    token = await mailbox.token()
    await operators.disable(services, "ada")

    assert (await confirm(ada, token)).outcome == INVALID


@pytest.mark.parametrize("is_sent", [True, False], ids=["sent already", "not sent yet"])
@pytest.mark.parametrize("by", ["reset", "change"])
async def test_new_password_revokes_an_email_change_of_the_attacker(
    ada: Actor, mailbox: Mailbox, by: str, is_sent: bool
) -> None:
    """Even if the attacker's mail server accepts the mail hours later: its token would be issued only then."""
    attacker = Actor(ada.client)
    await attacker.log_in()
    await change_email(attacker, "attacker@example.net")
    token = await mailbox.token() if is_sent else ""
    await age_mails(hours=-1)  # mails not sent yet become due later
    if by == "change":
        await change_password(ada, NEW_PASSWORD)
    else:
        await forgot(ada, ada.email)
        await reset(ada, await mailbox.token())
    await age_mails(hours=1)

    late = [message for message in await mailbox.collect() if message.recipient == "attacker@example.net"]

    assert late == []
    if is_sent:
        assert (await confirm(attacker, token)).outcome == INVALID


async def test_mails_are_limited_per_recipient_and_per_account(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        for number in range(4):
            actor = Actor(other.client, username=f"person{number}", email=f"person{number}@example.com")
            await actor.register()
            assert (await change_email(actor, "victim@example.org")).status == 202
            for own in range(4 if number == 0 else 0):
                assert (await change_email(actor, f"victim{own}@example.org")).status == 202
        await other.services.of(Delivery).deliver_all()

    recipients = Counter(message.recipient for message in mailbox.sent if "org" in message.recipient)
    assert recipients == {"victim@example.org": 3, "victim0@example.org": 1, "victim1@example.org": 1}
