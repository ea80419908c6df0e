"""Taking an account back that somebody moved to another address, whatever else they did to keep it."""

import pytest

from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.mail_journeys import (
    NEW_PASSWORD,
    change_email,
    change_password,
    confirm,
    forgot,
    note_verified,
    reset,
    undo,
    unused_tokens,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import age_mails, age_one_time_tokens, audit_actions, user_rows

INVALID = (400, "ONE_TIME_TOKEN_INVALID")
OWN = "ada@example.com"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """Her address is verified."""
    ada = await user_factory()
    await note_verified()
    return ada


async def move(actor: Actor, email: str, mailbox: Mailbox) -> str:
    """Change the address, and return the token that the one before gets."""
    await change_email(actor, email)
    await confirm(actor, await mailbox.token(), bearer=actor.access_token)
    return await mailbox.token()


async def test_the_address_is_back_and_everybody_is_out(ada: Actor, mailbox: Mailbox) -> None:
    thief = Actor(ada.client)
    await thief.log_in()
    way_back = await move(thief, "thief@example.net", mailbox)

    response = await undo(ada, way_back)

    assert response.status == 200
    assert (await thief.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await thief.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await thief.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert "email:change_undone" in await audit_actions()
    message = await mailbox.one()
    assert (message.recipient, message.subject) == (OWN, "Set a new password")
    assert (await reset(ada, token_of(message))).status == 200
    profile = (await ada.log_in(username=None, email=OWN, password=NEW_PASSWORD))["user"]
    assert (profile["email"], profile["email_verified"]) == (OWN, True)


async def test_a_thief_who_changes_password_and_address_again_keeps_nothing(ada: Actor, mailbox: Mailbox) -> None:
    thief = Actor(ada.client)
    await thief.log_in()
    way_back = await move(thief, "thief@example.net", mailbox)
    await change_password(thief, "Stolen-Horse-6-Battery")
    await mailbox.collect()
    way_of_the_thief = await move(thief, "thief@example.org", mailbox)
    await forgot(thief, "thief@example.org")
    reset_of_the_thief = await mailbox.token()

    assert (await undo(ada, way_back)).status == 200

    assert (await undo(thief, way_of_the_thief)).outcome == INVALID
    assert (await reset(thief, reset_of_the_thief)).outcome == INVALID
    assert (await thief.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await thief.log_in(password="Stolen-Horse-6-Battery")).outcome == (401, "INVALID_CREDENTIALS")
    assert [row["email"] for row in await user_rows()] == [OWN]
    assert await unused_tokens() == []


async def test_mails_to_the_thief_that_are_late_bring_no_token(ada: Actor, mailbox: Mailbox) -> None:
    """A mail server of the thief's own may take them when it likes: their tokens would be made then."""
    thief = Actor(ada.client)
    await thief.log_in()
    way_back = await move(thief, "thief@example.net", mailbox)
    await change_email(thief, "thief@example.org")
    await confirm(thief, await mailbox.token(), bearer=thief.access_token)
    await change_email(thief, "thief@example.com")
    await age_mails(hours=-1)

    await undo(ada, way_back)
    await age_mails(hours=1)

    assert [message.recipient for message in await mailbox.collect()] == [OWN]


async def test_a_way_back_survives_a_reset_by_the_thief(ada: Actor, mailbox: Mailbox) -> None:
    thief = Actor(ada.client)
    await thief.log_in()
    way_back = await move(thief, "thief@example.net", mailbox)
    await forgot(thief, "thief@example.net")
    await reset(thief, await mailbox.token())

    assert (await undo(ada, way_back)).status == 200


async def test_it_cannot_be_closed_by_registering_with_the_address(
    ada: Actor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    thief = Actor(ada.client)
    await thief.log_in()
    way_back = await move(thief, "thief@example.net", mailbox)
    squatter = await user_factory(username="squatter", email=OWN)

    assert (await undo(ada, way_back)).status == 200

    assert (await squatter.profile()).outcome == (401, "TOKEN_REVOKED")
    assert [(row["username"], row["email"]) for row in await user_rows()] == [("ada", OWN)]
    assert (await audit_actions())[-2:] == ["account:deleted", "email:change_undone"]


async def test_an_account_whose_owner_proved_the_address_keeps_it(
    ada: Actor, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    way_back = await move(ada, "ada@example.org", mailbox)
    await user_factory(username="other", email=OWN)
    await note_verified()

    assert (await undo(ada, way_back)).outcome == (409, "DUPLICATE_EMAIL")
    assert (await ada.profile())["email"] == "ada@example.org"


async def test_it_works_once(ada: Actor, mailbox: Mailbox) -> None:
    way_back = await move(ada, "ada@example.org", mailbox)

    assert (await undo(ada, way_back)).status == 200
    assert (await undo(ada, way_back)).outcome == INVALID


async def test_the_guesses_of_others_do_not_keep_the_owner_out_afterwards(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="100") as other:
        ada = Actor(other.client)
        await ada.register()
        await note_verified()
        await change_email(ada, "ada@example.org")
        await other.services.delivery.deliver_all()
        await confirm(ada, token_of(mailbox.sent[-1]))
        await other.services.delivery.deliver_all()
        for _ in range(6):
            await ada.log_in(password="Not-the-1-password")

        await undo(ada, token_of(mailbox.sent[-1]))
        await other.services.delivery.deliver_all()
        await reset(ada, token_of(mailbox.sent[-1]))

        assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_after_24_hours_it_is_over(ada: Actor, mailbox: Mailbox) -> None:
    way_back = await move(ada, "ada@example.org", mailbox)
    await age_one_time_tokens(hours=24)

    assert (await undo(ada, way_back)).outcome == INVALID


async def test_a_disabled_account_gets_its_address_back_and_stays_disabled(
    ada: Actor, mailbox: Mailbox, services: Services
) -> None:
    way_back = await move(ada, "ada@example.org", mailbox)
    await services.administration.disable("ada")

    assert (await undo(ada, way_back)).status == 200

    assert [(row["email"], row["is_active"]) for row in await user_rows()] == [(OWN, False)]
    assert await mailbox.collect() == []
