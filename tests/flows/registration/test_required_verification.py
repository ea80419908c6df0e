"""`REQUIRE_EMAIL_VERIFICATION`: the account is created at once, and can log in after e-mail verification."""

from collections.abc import AsyncIterator

import pytest

from auth_api.sessions.tables import SessionRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.hash_comparisons import recorded_hash_comparisons
from tests.support.mail_flows import NEW_PASSWORD, forgot, post, reset, verify, verifying_app
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import audit_actions


@pytest.fixture
async def other(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    async with verifying_app(app_with, mailbox) as other:
        yield other


async def register(other: OtherApp) -> Actor:
    ada = Actor(other.client)
    response = await post(ada, "/api/auth/register", email=ada.email, username=ada.username, password=ada.password)
    assert response.status == 201
    assert response["email_verification"] == "required"
    return ada


async def test_response_is_the_user_without_tokens(other: OtherApp) -> None:
    ada = Actor(other.client)

    response = await post(ada, "/api/auth/register", email=ada.email, username=ada.username, password=ada.password)

    assert response.status == 201
    assert sorted(response.json) == [
        "created_at",
        "display_name",
        "email",
        "email_verification",
        "email_verified",
        "has_password",
        "id",
        "is_active",
        "last_login",
        "locale",
        "metadata",
        "updated_at",
        "username",
    ]
    assert (response["email_verified"], response["email_verification"]) == (False, "required")
    assert await SessionRow.count() == 0


async def test_missing_verification_is_reported_only_for_the_right_password(other: OtherApp) -> None:
    ada = await register(other)

    with recorded_hash_comparisons() as hashes:
        responses = [await ada.log_in(), await ada.log_in(password="Not-the-1-password")]

    assert [response.outcome for response in responses] == [(403, "EMAIL_NOT_VERIFIED"), (401, "INVALID_CREDENTIALS")]
    assert len(hashes) == 2
    assert await SessionRow.count() == 0
    assert (await audit_actions())[1:] == ["login:failed", "login:failed"]


async def test_login_works_after_verification_with_password(other: OtherApp, mailbox: Mailbox) -> None:
    ada = await register(other)

    assert (await verify(ada, await mailbox.token(), password=ada.password)).status == 200

    assert (await ada.log_in()).status == 200


async def test_verification_without_password_requires_a_new_password(other: OtherApp, mailbox: Mailbox) -> None:
    ada = await register(other)

    response = await verify(ada, await mailbox.token())
    await reset(ada, response["password_reset_token"])

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_password_reset_verifies_the_email(other: OtherApp, mailbox: Mailbox) -> None:
    ada = await register(other)
    await forgot(ada, ada.email)
    token = token_of((await mailbox.collect())[-1])

    await reset(ada, token)

    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_first_login_sends_no_notice(other: OtherApp, mailbox: Mailbox) -> None:
    ada = await register(other)
    await verify(ada, await mailbox.token(), password=ada.password)

    await ada.log_in()

    assert await mailbox.collect() == []
