"""Accounts of people whom a provider has proved."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.request_context import RequestContext
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.sign_in_flows.tables import SignInFlowRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.identities import add_identity, codes, install_acme, outcome, proved_flow, sign_up
from tests.support.mail_flows import verify
from tests.support.mailbox import Mailbox
from tests.support.rows import audit_actions

MAIL = {"SMTP_URL": "smtps://nowhere", "MAIL_FROM": "a@b.org"}

ADA: dict[str, Any] = {"email": "Ada@Example.com", "is_email_proven": True, "username": "Ada L!"}


@pytest.fixture
async def other(app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OtherApp]:
    install_acme(monkeypatch)
    async with app_with(mailer=Mailbox()) as opened:
        yield opened


async def register(other: OtherApp, token: str, **fields: Any) -> ApiResponse:
    body = {"signup_token": token, "username": "ada", **fields}
    return await Actor(other.client).call("POST", "/api/auth/providers/register", json=body)


async def test_proven_address_is_verified_at_once(other: OtherApp) -> None:
    required = await sign_up(other.services, **ADA, name="Ada Lovelace")
    suggested = {"username": "ada-l", "email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace"}
    assert (required.members["suggested"], required.members["provider"]) == (suggested, "acme")

    registered = await register(other, required.signup_token, display_name="Ada")

    assert registered.status == 201
    assert (registered["email_verified"], registered["has_password"], registered["display_name"]) == (
        True,
        False,
        "Ada",
    )
    assert await UserRow.select(UserRow.hashed_password) == [{"hashed_password": UNUSABLE_HASH}]
    assert (await Actor(other.client).call("GET", "/api/user/profile", token=registered["access_token"])).status == 200
    assert await OutboxRow.count() == 0
    assert {"account:registered", "identity:linked", "login:succeeded"} <= set(await audit_actions())
    flow = await proved_flow(other.services)
    assert codes([await outcome(other.services.of(FederatedSignIn).log_in(flow, RequestContext()))]) == ["ok"]
    assert (await register(other, required.signup_token, username="grace")).outcome == (400, "FLOW_INVALID")


async def test_other_address_is_verified_by_mail(other: OtherApp) -> None:
    for number, email in enumerate(("other@example.com", None)):
        values = ADA if email is not None else {"email": "unproven@example.com"}
        token = (await sign_up(other.services, subject=str(number), **values)).signup_token
        fields = {} if email is None else {"email": email}

        registered = await register(other, token, username=f"ada{number}", **fields)

        assert (registered.status, registered["email_verified"]) == (201, False)
        assert registered["email"] == (email or "unproven@example.com")
        assert await OutboxRow.count().where(OutboxRow.template == "email_verification") == number + 1


async def test_token_survives_errors_about_fields(other: OtherApp) -> None:
    await Actor(other.client, username="taken", email="taken@example.com").register()
    token = (await sign_up(other.services, username="taken")).signup_token

    for fields, expected in (
        ({}, (400, "VALIDATION_ERROR")),
        ({"email": "taken@example.com"}, (409, "DUPLICATE_EMAIL")),
        ({"email": "ada@example.com", "username": "taken"}, (409, "DUPLICATE_USERNAME")),
        ({"email": "ada@example.com"}, (201, "")),
        ({"email": "grace@example.com", "username": "grace"}, (400, "FLOW_INVALID")),
    ):
        assert (await register(other, token, **fields)).outcome == expected, fields
    assert await SignInFlowRow.count() == 0


async def test_suggested_username_is_free_and_allowed(other: OtherApp) -> None:
    await Actor(other.client, username="taken", email="taken@example.com").register()

    for stated, base in (("Taken", "taken"), ("admin", "admin"), ("x", "x"), ("é", ""), ("Grace.H", "grace.h")):
        username = (await sign_up(other.services, username=stated)).suggested.username
        assert (username or "").rstrip("0123456789") == base, stated
        assert username not in {"taken", "admin"}


async def test_registration_happens_once(other: OtherApp) -> None:
    """With one token, with several tokens of one person, and after another account got the proven address."""
    token = (await sign_up(other.services, **ADA)).signup_token
    second = (await sign_up(other.services, **ADA)).signup_token
    address_of_second = (await sign_up(other.services, subject="8", **ADA)).signup_token

    responses = await asyncio.gather(*(register(other, token) for _ in range(20)))

    assert sorted(response.outcome for response in responses) == [(201, "")] + [(400, "FLOW_INVALID")] * 19
    for used in (second, address_of_second):
        assert (await register(other, used, username="grace")).outcome == (400, "FLOW_INVALID")
    assert (await UserRow.count(), await UserIdentityRow.count(), await SignInFlowRow.count()) == (1, 1, 0)


async def test_identity_that_was_linked_meanwhile_creates_no_account(other: OtherApp) -> None:
    await Actor(other.client, username="grace", email="grace@example.com").register()
    token = (await sign_up(other.services, **ADA)).signup_token
    (user_id,) = await UserRow.select(UserRow.id).output(as_list=True)
    await add_identity(other.services, user_id)

    assert (await register(other, token)).outcome == (400, "FLOW_INVALID")
    assert await UserRow.count() == 1


async def test_new_account_may_need_a_second_factor(app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    install_acme(monkeypatch)
    async with app_with(mailer=Mailbox(), **MAIL, MFA_POLICY="required") as other:
        token = (await sign_up(other.services, **ADA)).signup_token

        refused = await register(other, token)

        assert refused.outcome == (403, "MFA_ENROLMENT_REQUIRED")
        assert await UserRow.select(UserRow.username, UserRow.last_login) == [{"username": "ada", "last_login": None}]
        assert await PendingLoginRow.count().where(PendingLoginRow.identity_id.is_not_null()) == 1


async def test_mail_for_an_unproven_address_creates_an_account_without_the_identity(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link proves who owns the address; a stranger may have registered with it."""
    install_acme(monkeypatch)
    mailbox = Mailbox()
    async with app_with(
        mailer=mailbox, **MAIL, REQUIRE_EMAIL_VERIFICATION="true", REGISTRATION_ENUMERATION_SAFE="true"
    ) as other:
        mailbox.delivery = other.services.of(Delivery)
        token = (await sign_up(other.services, email="ada@example.com")).signup_token
        assert (await register(other, token)).status == 202
        assert await UserRow.count() == 0

        assert (await verify(Actor(other.client), await mailbox.token())).status == 200

        assert await UserIdentityRow.count() == 0
        assert codes(
            [
                await outcome(
                    other.services.of(FederatedSignIn).log_in(await proved_flow(other.services), RequestContext())
                )
            ]
        ) == ["SIGN_UP_REQUIRED"]


async def test_domains_of_a_provider_limit_the_registration(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_acme(monkeypatch, email_domains=("example.com",))
    async with app_with(mailer=Mailbox()) as other:
        for stated in ({"email": "ada@example.com"}, {**ADA, "email": "ada@example.org"}):
            flow = await proved_flow(other.services, **stated)
            refused = await outcome(other.services.of(FederatedSignIn).log_in(flow, RequestContext()))
            assert codes([refused]) == ["REGISTRATION_CLOSED"]
        token = (await sign_up(other.services, **ADA)).signup_token
        assert (await register(other, token, email="b@example.com")).outcome == (403, "REGISTRATION_CLOSED")
        assert (await register(other, token)).status == 201
