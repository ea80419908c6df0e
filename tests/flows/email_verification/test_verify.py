"""E-mail verification: the owner of the mailbox keeps the account, and other people lose access to it."""

import asyncio
from collections import Counter

import httpx
import pytest

from auth_api.events.outbox.delivery import Delivery
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.actors import Actor
from tests.support.held_hasher import held, requests_wait
from tests.support.mail_flows import NEW_PASSWORD, mark_all_verified, reset, unused_tokens, verify
from tests.support.mailbox import Mailbox, token_of
from tests.support.roles import give_role
from tests.support.rows import age_one_time_tokens, audit_actions, user_rows

INVALID = (400, "ONE_TIME_TOKEN_INVALID")


async def is_verified() -> bool:
    (row,) = await user_rows()
    return row["email_verified_at"] is not None


async def test_registration_sends_the_verification_mail(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()

    message = await mailbox.one()

    assert (message.recipient, message.subject) == ("ada@example.com", "Verify your e-mail address")
    assert f"/account/verify-email#token={token_of(message)}" in message.text
    assert token_of(message) in message.html


async def test_mail_to_an_unverified_address_contains_no_username(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    """A username can be a domain: an attacker could send spam in it."""
    await Actor(client, username="buy.example.com", email="victim@example.com").register()

    message = await mailbox.one()

    assert "buy.example.com" not in message.text + message.html + message.subject


@pytest.mark.parametrize("proof", ["password", "session"])
async def test_proof_of_access_keeps_sessions_and_password(ada: Actor, mailbox: Mailbox, proof: str) -> None:
    await ada.register()
    token = await mailbox.token()

    if proof == "password":
        response = await verify(ada, token, password=ada.password)
    else:
        response = await verify(ada, token, bearer=ada.access_token)

    assert (response.status, response.json) == (
        200,
        {"message": "The e-mail address is verified.", "password_reset_token": None},
    )
    assert (await ada.profile())["email_verified"] is True
    assert (await ada.log_in()).status == 200
    assert (await audit_actions())[1] == "email:verified"


async def test_attacker_who_registered_the_address_loses_access(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    """The victim has only the mail."""
    attacker = Actor(client, username="ada", email="ada@example.com")
    await attacker.register()
    victim = Actor(attacker.client, password=NEW_PASSWORD)

    response = await verify(victim, await mailbox.token())

    assert response.status == 200
    assert (await attacker.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await attacker.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await attacker.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await reset(victim, response["password_reset_token"])).status == 200
    assert (await victim.log_in())["user"]["email_verified"] is True
    assert (await attacker.log_in()).outcome == (401, "INVALID_CREDENTIALS")


async def test_account_with_a_role_is_verified_without_being_claimed(ada: Actor, mailbox: Mailbox) -> None:
    """It may have got the role before mail was switched on. An administrator knows its user."""
    await ada.register()
    await give_role(ada.username, "auditor")
    reader = Actor(ada.client)

    response = await verify(reader, await mailbox.token())

    assert (response.status, response["password_reset_token"]) == (200, None)
    assert (await ada.profile())["email_verified"] is True
    assert (await ada.log_in()).status == 200


async def test_concurrent_login_of_the_attacker_fails(ada: Actor, mailbox: Mailbox, services: Services) -> None:
    await ada.register()
    token = await mailbox.token()

    async with held(services.core.hasher):
        login = asyncio.create_task(Actor(ada.client).log_in())
        await requests_wait(services.core.hasher)
        assert (await verify(ada, token)).status == 200

    assert (await login).outcome == (401, "INVALID_CREDENTIALS")


async def test_session_of_another_account_is_not_a_proof(
    user_factory: UserFactory, ada: Actor, mailbox: Mailbox
) -> None:
    bob = await user_factory(username="bob")
    await ada.register()

    response = await verify(ada, await mailbox.token(), bearer=bob.access_token)

    assert response["password_reset_token"].startswith("ot_")
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await bob.profile()).status == 200


async def test_token_still_works_after_a_wrong_password(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    token = await mailbox.token()

    assert (await verify(ada, token, password="Not-the-1-password")).outcome == (401, "INVALID_CREDENTIALS")

    assert not await is_verified()
    assert (await ada.profile()).status == 200
    assert (await verify(ada, token, password=ada.password)).status == 200


async def test_invalid_access_token_is_an_error(ada: Actor, mailbox: Mailbox) -> None:
    """Otherwise the request of an expired session would remove the password."""
    await ada.register()
    token = await mailbox.token()

    assert (await verify(ada, token, bearer="abc")).outcome == (401, "TOKEN_INVALID")

    assert (await ada.profile())["email_verified"] is False
    assert (await verify(ada, token, bearer=ada.access_token)).status == 200


async def test_wrong_passwords_count_for_the_account_throttle(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        ada = Actor(other.client)
        await ada.register()
        await other.services.of(Delivery).deliver_all()
        token = token_of(mailbox.sent[-1])

        responses = [await verify(ada, token, password="Not-the-1-password") for _ in range(6)]

        assert [response.code for response in responses] == ["INVALID_CREDENTIALS"] * 5 + ["TOO_MANY_ATTEMPTS"]
        assert (await ada.log_in()).code == "TOO_MANY_ATTEMPTS"


async def test_verified_address_keeps_sessions_and_password(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    token = await mailbox.token()
    await mark_all_verified()

    response = await verify(ada, token)

    assert (response.status, response["password_reset_token"]) == (200, None)
    assert (await ada.profile()).status == 200
    assert (await ada.log_in()).status == 200
    assert (await verify(ada, token)).outcome == INVALID


async def test_token_is_single_use_under_concurrency(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    token = await mailbox.token()

    responses = await asyncio.gather(*(verify(ada, token) for _ in range(20)))

    assert Counter(response.outcome for response in responses) == {(200, ""): 1, INVALID: 19}
    assert (await audit_actions()).count("email:verified") == 1
    assert await unused_tokens() == ["password_reset"]


async def test_token_is_valid_only_for_the_address_it_was_sent_to(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    token = await mailbox.token()
    await UserRow.update({UserRow.email: "other@example.com"}, force=True)

    assert (await verify(ada, token)).outcome == INVALID

    assert not await is_verified()
    assert (await ada.profile()).status == 200


@pytest.mark.parametrize("cause", ["unknown", "expired", "disabled"])
async def test_invalid_tokens_have_one_error(ada: Actor, mailbox: Mailbox, services: Services, cause: str) -> None:
    await ada.register()
    token = await mailbox.token()
    if cause == "unknown":
        token = f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"
    elif cause == "expired":
        await age_one_time_tokens(hours=24)
    else:
        await operators.disable(services, "ada")

    assert (await verify(ada, token)).outcome == INVALID
    assert not await is_verified()


async def test_password_reset_token_does_not_verify(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    reset_token = (await verify(ada, await mailbox.token()))["password_reset_token"]

    assert (await verify(ada, reset_token)).outcome == INVALID
    assert (await reset(ada, reset_token)).status == 200
