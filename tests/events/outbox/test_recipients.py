"""Mails to e-mail addresses that may belong to strangers, and the limit on mails to one recipient."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from auth_api.credentials.passwords.mails import PASSWORD_CHANGED
from auth_api.events.outbox import repository
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.kinds import MailKind
from auth_api.features import MAIL_KINDS
from auth_api.flows.email_change.mails import EMAIL_CHANGED
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.services import Services
from auth_api.sessions.mails import ACCOUNT_DELETED
from auth_api.sign_in.mails import NEW_NETWORK
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.log_lines import logged
from tests.support.mail_flows import change_password, resend
from tests.support.mail_rendering import ITEM, render
from tests.support.mailbox import Mailbox
from tests.support.rows import outbox_rows, user_rows

WORD = "evilmark"
"""Part of everything that the attacker chooses."""

STRANGER = f"ada+{WORD}.example@example.com"
REQUEST = RequestContext(client_ip="203.0.113.7", user_agent=f"www.{WORD}.example/1.0", language="en")

SENT_TO_UNVERIFIED = {
    "account_created",
    "account_recovered",
    "email_change",
    "email_verification",
    "password_dropped",
    "password_reset",
    "registration",
    "registration_attempt",
}
STORED_FOR_VERIFIED = {EMAIL_CHANGED.name, ACCOUNT_DELETED.name}
"""Kinds that flows store only for e-mail addresses that were verified."""


async def delete(actor: Actor) -> None:
    response = await actor.call("POST", "/api/user/delete", json={"current_password": actor.password})
    assert response.status == 204


def texts_of(mailbox: Mailbox) -> str:
    return "".join(f"{mail.subject}{mail.text}{mail.html}" for mail in mailbox.sent)


@pytest.mark.parametrize(
    "kind", [kind for kind in MAIL_KINDS if kind.name not in STORED_FOR_VERIFIED], ids=lambda kind: kind.name
)
async def test_mail_to_an_unverified_email_has_no_word_of_a_client(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, kind: MailKind
) -> None:
    await user_factory(username=f"www.{WORD}.example", email=STRANGER)
    (user,) = await user_rows()
    token_id = await services.core.tokens.stage(Purpose.REGISTRATION, email=STRANGER)
    parameters: dict[str, Any] = {"token_id": token_id, "new_email": f"eve+{WORD}@example.com"}

    await services.core.outbox.to_user(kind, user["id"], REQUEST, **parameters)
    await services.core.outbox.to_email(kind, STRANGER, REQUEST, user_id=user["id"], **parameters)
    await repository.insert(
        kind.name, user_id=user["id"], email=STRANGER, parameters=parameters, request_context=REQUEST
    )

    assert bool(await mailbox.collect()) == (kind.name in SENT_TO_UNVERIFIED)
    assert WORD not in texts_of(mailbox)


async def test_actions_on_an_unverified_account_send_no_notices(
    user_factory: UserFactory, mailbox: Mailbox, services: Services
) -> None:
    ada = await user_factory()
    (user,) = await user_rows()

    await services.core.outbox.to_user(NEW_NETWORK, user["id"], REQUEST)
    await change_password(ada, "Fourth-Horse-2-Battery")
    await delete(ada)

    assert await outbox_rows() == []


@pytest.mark.parametrize("username", ["www.evil-prizes.example", "a.b"])
def test_username_that_could_become_a_link_is_not_in_the_greeting(username: str) -> None:
    message = render(PASSWORD_CHANGED, username=username)

    assert message.text.startswith("Hello,\n")
    assert username not in message.text + message.html


@pytest.mark.parametrize("user_agent", ["www.evil-prizes.example", "curl/8.5.0", "<b>x</b>", "", None])
def test_unknown_program_is_not_named_in_a_notice(user_agent: str | None) -> None:
    item = structs.replace(ITEM, request_context=RequestContext(user_agent=user_agent))

    assert "\nDevice: an unknown program\n" in render(PASSWORD_CHANGED, item=item).text


async def test_mails_of_a_kind_are_limited_per_recipient(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    """Also if the account is deleted and registered again, which gives it another id."""
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        ada = Actor(other.client)
        for _ in range(5):
            assert (await ada.register()).status == 201
            await other.services.of(Delivery).deliver_all()
            await delete(ada)

    assert [message.subject for message in mailbox.sent] == ["Verify your e-mail address"] * 3


async def test_verification_mail_of_the_registration_counts(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        ada = Actor(other.client)
        await ada.register()
        for _ in range(3):
            await resend(ada, ada.email)
        await other.services.of(Delivery).deliver_all()

    assert [message.subject for message in mailbox.sent] == ["Verify your e-mail address"] * 3


async def test_notices_are_limited_without_failing_the_request(
    app_with: OtherAppFactory, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    ada = await user_factory(is_verified=True)
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        ada.client = other.client
        with logged("INFO") as lines:
            for number in range(5):
                assert (await change_password(ada, f"Fourth-Horse-{number}-Battery")).status == 200
        await other.services.of(Delivery).deliver_all()

    assert [message.subject for message in mailbox.sent] == ["Your password was changed"] * 3
    refused = [line["mail_kind"] for line in lines if line.get("event") == "mail:refused"]
    assert refused == ["password_changed"] * 2


async def test_limit_holds_for_concurrent_requests(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        services = other.services

        async def request() -> bool:
            return await services.core.database.transaction(
                lambda: services.core.outbox.to_email(PASSWORD_RESET, "ada@example.com", REQUEST)
            )

        stored = await asyncio.gather(*(request() for _ in range(8)))

    assert sum(stored) == 3
    assert len(await outbox_rows()) == 3


async def test_mail_that_gives_the_account_back_is_not_limited(
    app_with: OtherAppFactory, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await user_factory(is_verified=True)
    (user,) = await user_rows()
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        for _ in range(5):
            await other.services.core.outbox.to_email(EMAIL_CHANGED, "old@example.com", REQUEST, user_id=user["id"])

    assert len(await outbox_rows()) == 5
