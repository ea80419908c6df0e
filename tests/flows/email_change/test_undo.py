"""Undoing an e-mail change: the owner gets the account back, whatever else an attacker changed."""

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
    undo,
    unused_tokens,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.roles import give_role
from tests.support.rows import age_mails, age_one_time_tokens, audit_actions, user_rows

INVALID = (400, "ONE_TIME_TOKEN_INVALID")
OWN = "ada@example.com"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """Ada, with a verified e-mail address."""
    ada = await user_factory()
    await mark_all_verified()
    return ada


async def change_and_confirm(actor: Actor, email: str, mailbox: Mailbox) -> str:
    """Change the e-mail address, and return the token sent to the previous one."""
    await change_email(actor, email)
    await confirm(actor, await mailbox.token(), bearer=actor.access_token)
    return await mailbox.token()


async def test_undo_restores_the_email_and_revokes_all_access(ada: Actor, mailbox: Mailbox) -> None:
    attacker = Actor(ada.client)
    await attacker.log_in()
    undo_token = await change_and_confirm(attacker, "attacker@example.net", mailbox)

    response = await undo(ada, undo_token)

    assert response.status == 200
    assert (await attacker.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await attacker.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await attacker.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert "email:change_undone" in await audit_actions()
    message = await mailbox.one()
    assert (message.recipient, message.subject) == (OWN, "You took your account back: set a new password")
    assert (await reset(ada, token_of(message))).status == 200
    profile = (await ada.log_in(username=None, email=OWN, password=NEW_PASSWORD))["user"]
    assert (profile["email"], profile["email_verified"]) == (OWN, True)


async def test_undo_works_after_the_attacker_changed_password_and_email_again(ada: Actor, mailbox: Mailbox) -> None:
    attacker = Actor(ada.client)
    await attacker.log_in()
    undo_token = await change_and_confirm(attacker, "attacker@example.net", mailbox)
    await change_password(attacker, "Stolen-Horse-6-Battery")
    await mailbox.collect()
    attackers_undo_token = await change_and_confirm(attacker, "attacker@example.org", mailbox)
    await forgot(attacker, "attacker@example.org")
    attackers_reset_token = await mailbox.token()

    assert (await undo(ada, undo_token)).status == 200

    assert (await undo(attacker, attackers_undo_token)).outcome == INVALID
    assert (await reset(attacker, attackers_reset_token)).outcome == INVALID
    assert (await attacker.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await attacker.log_in(password="Stolen-Horse-6-Battery")).outcome == (401, "INVALID_CREDENTIALS")
    assert [row["email"] for row in await user_rows()] == [OWN]
    assert await unused_tokens() == []


async def test_late_mails_to_the_attacker_are_withdrawn(ada: Actor, mailbox: Mailbox) -> None:
    """The attacker's mail server can accept them late, and their tokens would be issued only then."""
    attacker = Actor(ada.client)
    await attacker.log_in()
    undo_token = await change_and_confirm(attacker, "attacker@example.net", mailbox)
    await change_email(attacker, "attacker@example.org")
    await confirm(attacker, await mailbox.token(), bearer=attacker.access_token)
    await change_email(attacker, "attacker@example.com")
    await age_mails(hours=-1)

    await undo(ada, undo_token)
    await age_mails(hours=1)

    assert [message.recipient for message in await mailbox.collect()] == [OWN]


async def test_undo_works_after_a_password_reset_by_the_attacker(ada: Actor, mailbox: Mailbox) -> None:
    attacker = Actor(ada.client)
    await attacker.log_in()
    undo_token = await change_and_confirm(attacker, "attacker@example.net", mailbox)
    await forgot(attacker, "attacker@example.net")
    await reset(attacker, await mailbox.token())

    assert (await undo(ada, undo_token)).status == 200


async def test_undo_works_after_the_old_email_was_registered_again(
    ada: Actor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    attacker = Actor(ada.client)
    await attacker.log_in()
    undo_token = await change_and_confirm(attacker, "attacker@example.net", mailbox)
    squatter = await user_factory(username="squatter", email=OWN)

    assert (await undo(ada, undo_token)).status == 200

    assert (await squatter.profile()).outcome == (401, "TOKEN_REVOKED")
    assert [(row["username"], row["email"]) for row in await user_rows()] == [("ada", OWN)]
    assert (await audit_actions())[-2:] == ["account:deleted", "email:change_undone"]


async def test_undo_fails_if_another_user_verified_the_old_email(
    ada: Actor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    undo_token = await change_and_confirm(ada, "ada@example.org", mailbox)
    await user_factory(username="other", email=OWN)
    await mark_all_verified()

    assert (await undo(ada, undo_token)).outcome == (409, "DUPLICATE_EMAIL")
    assert (await ada.profile())["email"] == "ada@example.org"


async def test_undo_fails_if_another_user_of_the_old_email_has_a_role(
    ada: Actor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    """The account counts as verified: an administrator knows its user."""
    undo_token = await change_and_confirm(ada, "ada@example.org", mailbox)
    other = await user_factory(username="other", email=OWN)
    await give_role("other", "auditor")

    assert (await undo(ada, undo_token)).outcome == (409, "DUPLICATE_EMAIL")
    assert (await other.profile()).status == 200


async def test_undo_token_is_single_use(ada: Actor, mailbox: Mailbox) -> None:
    undo_token = await change_and_confirm(ada, "ada@example.org", mailbox)

    assert (await undo(ada, undo_token)).status == 200
    assert (await undo(ada, undo_token)).outcome == INVALID


async def test_undo_resets_the_account_throttle(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="100") as other:
        ada = Actor(other.client)
        await ada.register()
        await mark_all_verified()
        await change_email(ada, "ada@example.org")
        await other.services.of(Delivery).deliver_all()
        await confirm(ada, token_of(mailbox.sent[-1]))
        await other.services.of(Delivery).deliver_all()
        for _ in range(6):
            await ada.log_in(password="Not-the-1-password")

        await undo(ada, token_of(mailbox.sent[-1]))
        await other.services.of(Delivery).deliver_all()
        await reset(ada, token_of(mailbox.sent[-1]))

        assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_undo_token_expires_after_24_hours(ada: Actor, mailbox: Mailbox) -> None:
    undo_token = await change_and_confirm(ada, "ada@example.org", mailbox)
    await age_one_time_tokens(hours=24)

    assert (await undo(ada, undo_token)).outcome == INVALID


async def test_undo_restores_the_email_of_a_disabled_account(ada: Actor, mailbox: Mailbox, services: Services) -> None:
    undo_token = await change_and_confirm(ada, "ada@example.org", mailbox)
    await operators.disable(services, "ada")

    assert (await undo(ada, undo_token)).status == 200

    assert [(row["email"], row["is_active"]) for row in await user_rows()] == [(OWN, False)]
    assert await mailbox.collect() == []
