"""`REGISTRATION_ENUMERATION_SAFE`: registering tells nobody who has an account, and makes none."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import argon2
import pytest

from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.mail_journeys import NEW_PASSWORD, note_verified, post, reset, verify, verifying
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import audit_actions, outbox_rows, user_rows
from tests.support.statements import recorded

INVALID = (400, "ONE_TIME_TOKEN_INVALID")


@pytest.fixture
async def other(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    async with verifying(app_with, mailbox, REGISTRATION_ENUMERATION_SAFE="true") as other:
        yield other


@pytest.fixture
def ada(other: OtherApp) -> Actor:
    return Actor(other.client)


async def register(actor: Actor, **changed: str) -> ApiResponse:
    fields = {"email": actor.email, "username": actor.username, "password": actor.password, **changed}
    return await post(actor, "/api/auth/register", **fields)


async def make_account(other: OtherApp, email: str, username: str) -> None:
    """Open an account as the command line does."""
    checks = other.services.field_checks
    await other.services.registration.create(
        email=checks["email"](email, {}), username=checks["username"](username, {}), password=PASSWORD
    )


@contextmanager
def counted_hashes() -> Iterator[list[int]]:
    made: list[int] = []
    hash_ = argon2.PasswordHasher.hash

    def counting(self: argon2.PasswordHasher, password: Any) -> str:
        made.append(1)
        return hash_(self, password)

    with patch.object(argon2.PasswordHasher, "hash", counting):
        yield made


async def test_answer_and_work_are_the_same_for_new_known_unverified_and_taken(other: OtherApp, ada: Actor) -> None:
    await make_account(other, "known@example.com", "known")
    await note_verified()
    await make_account(other, "unverified@example.com", "unverified")
    responses, asked, hashed = [], [], []

    for changed in (
        {},
        {"email": "known@example.com"},
        {"email": "unverified@example.com"},
        {"username": "known"},
        {"email": "known@example.com", "username": "known"},
    ):
        with recorded(other.services.database.engine) as statements, counted_hashes() as hashes:
            responses.append(await register(ada, **changed))
        asked.append(statements)
        hashed.append(len(hashes))

    shown = [
        (
            response.status,
            response.response.content,
            {name: value for name, value in response.response.headers.items() if name != "x-request-id"},
        )
        for response in responses
    ]
    assert shown[0][:2] == (202, b'{"message":"An e-mail is on its way to this address."}')
    assert shown == [shown[0]] * 5
    assert asked == [asked[0]] * 5
    assert len(asked[0]) == 2
    assert hashed == [1] * 5
    assert len(await outbox_rows()) == await OneTimeTokenRow.count() == 5


async def test_nothing_is_an_account_before_the_link_is_used(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    message = await mailbox.one()

    assert (message.recipient, message.subject) == ("ada@example.com", "Confirm your registration")
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert await user_rows() == []
    assert await audit_actions() == ["login:failed"]


async def test_link_and_password_open_the_account(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)

    response = await verify(ada, await mailbox.token(), password=ada.password)

    assert (response.status, response["password_reset_token"]) == (200, None)
    assert await audit_actions() == ["account:registered", "email:verified"]
    assert (await ada.log_in())["user"]["email_verified"] is True


async def test_the_link_alone_opens_it_without_the_password_of_an_impostor(ada: Actor, mailbox: Mailbox) -> None:
    """Who registered somebody else's address must not have a way in once its owner follows the link."""
    await register(ada)

    response = await verify(ada, await mailbox.token())

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await reset(ada, response["password_reset_token"])).status == 200
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_a_wrong_password_leaves_the_token_as_it_is(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    token = await mailbox.token()

    assert (await verify(ada, token, password="Not-the-1-password")).outcome == (401, "INVALID_CREDENTIALS")

    assert await user_rows() == []
    assert (await verify(ada, token, password=ada.password)).status == 200


async def test_an_owner_is_told_by_mail_and_has_nothing_to_do(other: OtherApp, ada: Actor, mailbox: Mailbox) -> None:
    await make_account(other, ada.email, "lovelace")

    await register(ada)

    message = await mailbox.one()
    assert (message.recipient, message.subject) == ("ada@example.com", "You already have an account")
    assert "Hello lovelace" in message.text
    assert "token" not in message.text


async def test_a_name_that_is_taken_meanwhile_can_be_replaced(other: OtherApp, ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    token = await mailbox.token()
    await make_account(other, "quicker@example.com", "ada")

    taken = await verify(ada, token, password=ada.password)
    reserved = await verify(ada, token, password=ada.password, username="admin")
    response = await verify(ada, token, password=ada.password, username="Lovelace")

    assert taken.outcome == (409, "DUPLICATE_USERNAME")
    assert reserved.outcome == (400, "VALIDATION_ERROR")
    assert response.status == 200
    assert (await ada.log_in(username="lovelace")).status == 200


async def test_an_address_that_got_an_account_meanwhile_gets_no_other(
    other: OtherApp, ada: Actor, mailbox: Mailbox
) -> None:
    await register(ada)
    token = await mailbox.token()
    await make_account(other, ada.email, "quicker")

    assert (await verify(ada, token)).outcome == (409, "DUPLICATE_EMAIL")
    assert len(await user_rows()) == 1


async def test_of_several_registrations_one_becomes_an_account_and_the_others_are_forgotten(
    ada: Actor, mailbox: Mailbox
) -> None:
    """Also once that account is deleted."""
    for name in ("ada", "lovelace", "byron"):
        await register(ada, username=name)
    first, second, _ = [token_of(message) for message in await mailbox.collect()]

    assert (await verify(ada, first, password=ada.password)).status == 200
    assert (await verify(ada, second, password=ada.password)).outcome == INVALID
    await UserRow.delete(force=True)

    assert (await verify(ada, second, password=ada.password)).outcome == INVALID
    assert await OneTimeTokenRow.count() == 0


async def test_one_link_works_once(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    token = await mailbox.token()

    await verify(ada, token, password=ada.password)

    assert (await verify(ada, token, password=ada.password)).outcome == INVALID


async def test_the_fourth_mail_within_an_hour_is_not_sent_and_nobody_is_told(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    variables = {"REGISTRATION_ENUMERATION_SAFE": "true", "RATE_LIMIT_ENABLED": "true"}
    async with verifying(app_with, mailbox, **variables) as other:
        responses = [await register(Actor(other.client)) for _ in range(4)]

        assert [response.status for response in responses] == [202] * 4
        assert len(await mailbox.collect()) == 3
