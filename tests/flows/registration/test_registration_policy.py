"""`REGISTRATION` and `REGISTRATION_DOMAINS`: who can create an account, and with which e-mail addresses."""

import pytest

from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from auth_api.users.policy import RegistrationPolicy
from tests.conftest import OtherApp, OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.administrators import act_on, administrator
from tests.support.mail_flows import (
    change_email,
    confirm,
    mark_all_verified,
    post,
    unused_tokens,
    verify,
    verifying_app,
)
from tests.support.mailbox import Mailbox
from tests.support.rows import audit_actions, outbox_rows, user_rows
from tests.support.statements import recorded
from tests.support.visitor import Visitor

CLOSED = (403, "REGISTRATION_CLOSED")
SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo"
DOMAINS = "example.com, *.Example.org, Bücher.example"


def errors_of(response: ApiResponse) -> dict[str, str]:
    return {error["field"]: error["code"] for error in response["errors"]}


async def create_as_operator(other: OtherApp, email: str) -> None:
    await operators.create(other.services, email=email, username=email.partition("@")[0], password=PASSWORD)


@pytest.mark.engine_independent
def test_domains_are_compared_as_a_whole() -> None:
    policy = Settings.from_env({"JWT_SECRET_KEY": SECRET, "REGISTRATION_DOMAINS": DOMAINS}).of(RegistrationPolicy)

    assert policy.domains == ("example.com", "*.example.org", "xn--bcher-kva.example")
    allowed = ("example.com", "a.example.org", "a.b.example.org", "xn--bcher-kva.example")
    refused = ("a.example.com", "notexample.com", "example.com.evil.org", "example.org", "notexample.org", "com")
    assert [domain for domain in (*allowed, *refused) if policy.allows(f"ada@{domain}")] == [*allowed]
    assert RegistrationPolicy().allows("ada@evil.org")


@pytest.mark.engine_independent
@pytest.mark.parametrize("domain", ["*", "*.com", "a@example.com", "*.*.example.com", "https://example.com", "a.local"])
def test_domains_that_no_address_has_are_rejected(domain: str) -> None:
    with pytest.raises(InvalidSettingsError, match="REGISTRATION_DOMAINS must list domains of e-mail addresses"):
        Settings.from_env({"JWT_SECRET_KEY": SECRET, "REGISTRATION_DOMAINS": domain})


async def test_closed_registration_is_refused_before_the_rules_of_passwords_and_domains(
    app_with: OtherAppFactory,
) -> None:
    async with app_with(REGISTRATION="invite", REGISTRATION_DOMAINS="example.com") as other:
        ada, visitor = Actor(other.client), Visitor(other.client)
        with recorded(other.services.core.database.engine) as statements:
            valid = {"email": ada.email, "username": ada.username, "password": PASSWORD}
            for changed in ({}, {"password": "weak"}, {"email": "ada@evil.org"}):
                assert (await post(ada, "/api/auth/register", **{**valid, **changed})).outcome == CLOSED
            refused = await post(ada, "/api/auth/register", email="ada", username="_", password="weak")
            assert errors_of(refused) == {"email": "format", "username": "format"}
        assert not [statement for statement in statements if "users" in statement]

        assert "/account/register" not in (await visitor.get("/account/login")).reader.links
        page = await visitor.get("/account/register")
        assert page.outcome == (200, "registration-closed", "")
        assert page.reader.forms == []
        page = await visitor.post("/account/register", valid)
        assert page.outcome == (403, "registration-closed", "REGISTRATION_CLOSED")
        assert await user_rows() == []

        await create_as_operator(other, "grace@evil.org")
        assert await audit_actions() == ["account:created"]


async def test_domain_is_checked_at_registration_and_at_the_change_of_the_own_address(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    async with app_with(mailer=mailbox, REGISTRATION_DOMAINS="example.com") as other:
        ada = Actor(other.client)
        refused = await post(ada, "/api/auth/register", email="ada@evil.org", username="_", password=PASSWORD)
        assert (refused.code, errors_of(refused)) == ("VALIDATION_ERROR", {"email": "domain", "username": "format"})
        page = await Visitor(other.client).post(
            "/account/register", {"email": "ada@evil.org", "username": "ada", "password": PASSWORD}
        )
        assert page.outcome == (422, "register", "VALIDATION_ERROR")
        assert "E-mail addresses of this domain cannot be used here." in page.field_error("email")

        await ada.register(email="Ada@EXAMPLE.com")
        refused = await change_email(ada, "ada@a.example.com")
        assert (refused.code, errors_of(refused)) == ("VALIDATION_ERROR", {"new_email": "domain"})
        assert (await change_email(ada, "ada.l@example.com")).status == 202
        await create_as_operator(other, "grace@evil.org")


async def test_domain_is_checked_again_when_the_change_of_the_own_address_is_confirmed(
    app_with: OtherAppFactory, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    """An administrator may choose any address."""
    ada, admin = await user_factory(), await administrator(user_factory)
    await mark_all_verified()
    await mailbox.collect()
    assert (await change_email(ada, "ada@evil.org")).status == 202
    token = await mailbox.token()

    async with verifying_app(app_with, mailbox, REGISTRATION_DOMAINS="example.com") as other:
        ada.client = admin.client = other.client
        assert (await confirm(ada, token)).outcome == (400, "ONE_TIME_TOKEN_INVALID")
        await admin.log_in()
        changed = await act_on(admin, "POST", ada, "/email", new_email="ada@new.org")
        assert changed.status == 202
        assert (await confirm(ada, await mailbox.token())).status == 200


async def test_closed_registration_does_not_begin_to_wait_for_the_link(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    """Neither does it end: the link of a registration that began before does not create an account."""
    async with verifying_app(app_with, mailbox, REGISTRATION_ENUMERATION_SAFE="true") as other:
        ada = Actor(other.client)
        fields = {"email": ada.email, "username": ada.username, "password": ada.password}
        assert (await post(ada, "/api/auth/register", **fields)).status == 202
        token = await mailbox.token()
        await create_as_operator(other, "known@example.com")
        await mark_all_verified()

    closed = {"REGISTRATION": "invite", "REGISTRATION_ENUMERATION_SAFE": "true"}
    async with verifying_app(app_with, mailbox, **closed) as other:
        stranger = Actor(other.client)
        mails = len(await outbox_rows())
        for email in ("new@example.com", "known@example.com"):
            assert (await post(stranger, "/api/auth/register", **{**fields, "email": email})).outcome == CLOSED
        assert len(await outbox_rows()) == mails

        assert (await verify(stranger, token, password=ada.password)).outcome == CLOSED
        assert [row["username"] for row in await user_rows()] == ["known"]
        assert await unused_tokens() == ["registration"]
