"""`REGISTRATION_ENUMERATION_SAFE`: the response does not reveal who has an account; the mailed link creates one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import argon2
import pytest

from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support import operators
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.mail_flows import NEW_PASSWORD, mark_all_verified, post, reset, verify, verifying_app
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import audit_actions, make_mails_due, outbox_rows, user_rows
from tests.support.statements import recorded

INVALID = (400, "ONE_TIME_TOKEN_INVALID")


@pytest.fixture
async def other(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    async with verifying_app(app_with, mailbox, REGISTRATION_ENUMERATION_SAFE="true") as other:
        yield other


@pytest.fixture
def ada(other: OtherApp) -> Actor:
    return Actor(other.client)


async def register(actor: Actor, **changed: str) -> ApiResponse:
    fields = {"email": actor.email, "username": actor.username, "password": actor.password, **changed}
    return await post(actor, "/api/auth/register", **fields)


async def create_account(other: OtherApp, email: str, username: str) -> None:
    """Create an account as the command line does."""
    await operators.create(other.services, email=email, username=username, password=PASSWORD)


@contextmanager
def counted_hashes() -> Iterator[list[int]]:
    calls: list[int] = []
    hash_ = argon2.PasswordHasher.hash

    def counting(self: argon2.PasswordHasher, password: Any) -> str:
        calls.append(1)
        return hash_(self, password)

    with patch.object(argon2.PasswordHasher, "hash", counting):
        yield calls


async def test_response_and_work_do_not_reveal_whether_the_email_or_username_is_taken(
    other: OtherApp, ada: Actor
) -> None:
    await create_account(other, "known@example.com", "known")
    await mark_all_verified()
    await create_account(other, "unverified@example.com", "unverified")
    responses, work, hashed = [], [], []

    for changed in (
        {},
        {"email": "known@example.com"},
        {"email": "unverified@example.com"},
        {"username": "known"},
        {"email": "known@example.com", "username": "known"},
    ):
        with recorded(other.services.core.database.engine) as statements, counted_hashes() as hashes:
            responses.append(await register(ada, **changed))
        work.append(statements)
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
    assert work == [work[0]] * 5
    assert len(work[0]) == 2
    assert hashed == [1] * 5
    assert len(await outbox_rows()) == await OneTimeTokenRow.count() == 5


async def test_account_is_created_only_when_the_link_is_used(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    message = await mailbox.one()

    assert (message.recipient, message.subject) == ("ada@example.com", "Verify your e-mail address")
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert await user_rows() == []
    assert await audit_actions() == ["login:failed"]


async def test_link_and_password_create_the_account(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)

    response = await verify(ada, await mailbox.token(), password=ada.password)

    assert (response.status, response["password_reset_token"]) == (200, None)
    assert await audit_actions() == ["account:registered", "email:verified"]
    assert (await ada.log_in())["user"]["email_verified"] is True


async def test_link_without_password_creates_an_account_without_password(ada: Actor, mailbox: Mailbox) -> None:
    """An attacker who registered another person's address must not get access once its owner uses the link."""
    await register(ada)

    response = await verify(ada, await mailbox.token())

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await reset(ada, response["password_reset_token"])).status == 200
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_token_still_works_after_a_wrong_password(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    token = await mailbox.token()

    assert (await verify(ada, token, password="Not-the-1-password")).outcome == (401, "INVALID_CREDENTIALS")

    assert await user_rows() == []
    assert (await verify(ada, token, password=ada.password)).status == 200


@pytest.mark.parametrize(("is_verified", "greeting"), [(True, "Hello lovelace,\n"), (False, "Hello,\n")])
async def test_user_with_the_email_is_informed_by_mail(
    other: OtherApp, ada: Actor, mailbox: Mailbox, is_verified: bool, greeting: str
) -> None:
    await create_account(other, ada.email, "lovelace")
    if is_verified:
        await mark_all_verified()

    await register(ada)

    message = await mailbox.one()
    assert (message.recipient, message.subject) == ("ada@example.com", "You already have an account")
    assert message.text.startswith(greeting)
    assert (await reset(ada, token_of(message))).status == 200
    assert (await ada.log_in(username="lovelace", password=NEW_PASSWORD)).status == 200


async def test_disabled_user_with_the_email_gets_no_mail(other: OtherApp, ada: Actor, mailbox: Mailbox) -> None:
    await create_account(other, ada.email, "lovelace")
    await UserRow.update({UserRow.is_active: False}, force=True)

    await register(ada)

    assert await mailbox.collect() == []


async def test_mail_is_repeated_as_information_if_an_account_was_created_meanwhile(
    other: OtherApp, ada: Actor, mailbox: Mailbox
) -> None:
    await register(ada)
    mailbox.loses_reply = True
    registration = await mailbox.token()
    await create_account(other, ada.email, "lovelace")
    mailbox.loses_reply = False
    await make_mails_due()

    message = await mailbox.one()

    assert message.subject == "You already have an account"
    assert token_of(message) != registration
    assert (await reset(ada, token_of(message))).status == 200


async def test_username_taken_in_the_meantime_can_be_replaced(other: OtherApp, ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    token = await mailbox.token()
    await create_account(other, "quicker@example.com", "ada")

    taken = await verify(ada, token, password=ada.password)
    reserved = await verify(ada, token, password=ada.password, username="admin")
    response = await verify(ada, token, password=ada.password, username="Lovelace")

    assert taken.outcome == (409, "DUPLICATE_USERNAME")
    assert reserved.outcome == (400, "VALIDATION_ERROR")
    assert response.status == 200
    assert (await ada.log_in(username="lovelace")).status == 200


async def test_email_taken_in_the_meantime_is_a_conflict(other: OtherApp, ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    token = await mailbox.token()
    await create_account(other, ada.email, "quicker")

    assert (await verify(ada, token)).outcome == (409, "DUPLICATE_EMAIL")
    assert len(await user_rows()) == 1


async def test_completed_registration_deletes_the_others_of_its_email(ada: Actor, mailbox: Mailbox) -> None:
    """They stay deleted even if the account is deleted."""
    for name in ("ada", "lovelace", "byron"):
        await register(ada, username=name)
    first, second, _ = [token_of(message) for message in await mailbox.collect()]

    assert (await verify(ada, first, password=ada.password)).status == 200
    assert (await verify(ada, second, password=ada.password)).outcome == INVALID
    await UserRow.delete(force=True)

    assert (await verify(ada, second, password=ada.password)).outcome == INVALID
    assert await OneTimeTokenRow.count() == 0


async def test_link_works_once(ada: Actor, mailbox: Mailbox) -> None:
    await register(ada)
    token = await mailbox.token()

    await verify(ada, token, password=ada.password)

    assert (await verify(ada, token, password=ada.password)).outcome == INVALID


async def test_fourth_mail_within_an_hour_is_not_sent_with_the_same_response(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    variables = {"REGISTRATION_ENUMERATION_SAFE": "true", "RATE_LIMIT_ENABLED": "true"}
    async with verifying_app(app_with, mailbox, **variables) as other:
        responses = [await register(Actor(other.client)) for _ in range(4)]

        assert [response.status for response in responses] == [202] * 4
        assert len(await mailbox.collect()) == 3
