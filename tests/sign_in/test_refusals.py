"""A user without access gets no session, although the proof of identity is correct."""

import asyncio
import json

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.throttling.tables import ThrottleCounterRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.exposition import Changes
from tests.support.held_hasher import held, requests_wait
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.rows import user_rows

NEW_PASSWORD = "Another-Mare-8-Paperclip"


async def test_login_of_an_account_disabled_during_it_is_refused_as_disabled(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    changes = Changes()

    async with held(services.core.hasher):
        login = asyncio.create_task(ada.log_in())
        await requests_wait(services.core.hasher)
        await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await login).outcome == (403, "ACCOUNT_DISABLED")
    assert await SessionRow.count() == 1
    assert await last_event() == ("login:failed", {"reason": "account_disabled"})
    assert changes.by("logins_total", "outcome") == {"account_disabled": 1}


async def test_refusal_of_a_disabled_account_does_not_change_the_user(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory()
    await ada.log_in()
    await UserRow.update({UserRow.is_active: False}, force=True)
    before = await user_rows()

    async with app_with(PASSWORD_HASH_ITERATIONS="2") as other:
        ada.client = other.client
        assert (await ada.log_in()).outcome == (403, "ACCOUNT_DISABLED")

    assert await user_rows() == before


async def test_refusal_for_missing_verification_is_recorded(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory()
    changes = Changes()

    async with verifying_app(app_with, mailbox) as other:
        ada.client = other.client
        assert (await ada.log_in()).outcome == (403, "EMAIL_NOT_VERIFIED")

    assert await last_event() == ("login:failed", {"reason": "email_not_verified"})
    assert changes.by("logins_total", "outcome") == {"email_not_verified": 1}


async def test_refusal_for_missing_verification_does_not_change_the_user(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory()
    before = await user_rows()

    async with verifying_app(app_with, mailbox, PASSWORD_HASH_ITERATIONS="2") as other:
        ada.client = other.client
        assert (await ada.log_in()).outcome == (403, "EMAIL_NOT_VERIFIED")

    assert await user_rows() == before


async def test_disabled_account_is_reported_before_missing_verification(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory()
    await UserRow.update({UserRow.is_active: False}, force=True)

    async with verifying_app(app_with, mailbox) as other:
        ada.client = other.client
        assert (await ada.log_in()).outcome == (403, "ACCOUNT_DISABLED")


async def test_signed_in_user_without_verification_can_change_the_password(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    """The session was opened before the server required verification, and the new one replaces it."""
    ada = await user_factory()
    body = {"current_password": ada.password, "new_password": NEW_PASSWORD}

    async with verifying_app(app_with, mailbox) as other:
        ada.client = other.client
        response = await ada.call("POST", "/api/user/password", json=body)
        assert response.status == 200
        assert (await ada.profile(response["access_token"])).status == 200


async def switch_two_step_on() -> None:
    await UserRow.update({UserRow.two_step_since: UserRow.created_at}, force=True)


async def test_login_of_a_user_with_two_step_login_opens_no_session(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await switch_two_step_on()
    before = await user_rows()
    changes = Changes()

    response = await ada.log_in()

    assert response.outcome == (403, "MFA_REQUIRED")
    assert "access_token" not in response.json
    assert await SessionRow.count() == 1
    assert await user_rows() == before
    assert await last_event() == ("login:second_factor_requested", {})
    assert changes.by("logins_total", "outcome") == {"second_factor_required": 1}


async def test_right_password_of_a_user_with_two_step_login_renews_an_outdated_hash(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory()
    await switch_two_step_on()
    (before,) = await user_rows()

    async with app_with(PASSWORD_HASH_ITERATIONS="2") as other:
        ada.client = other.client
        outcome = (await ada.log_in()).outcome

    (after,) = await user_rows()
    assert outcome == (403, "MFA_REQUIRED")
    assert {name for name in before if before[name] != after[name]} == {"hashed_password"}
    assert ",t=2," in after["hashed_password"]


async def test_right_password_of_a_user_with_two_step_login_clears_the_count_of_its_network(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory()
    await switch_two_step_on()
    failures = ThrottleCounterRow.count().where(
        ThrottleCounterRow.key.like("attempts:id:%:%"), ThrottleCounterRow.attempts > 0
    )

    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        ada.client = other.client
        await ada.log_in(password="Wrong-Horse-7-Staple")
        before = await failures
        assert (await ada.log_in()).outcome == (403, "MFA_REQUIRED")

    assert (before, await failures) == (1, 0)


async def test_two_step_login_that_is_switched_on_during_a_login_counts(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()

    async with held(services.core.hasher):
        login = asyncio.create_task(ada.log_in())
        await requests_wait(services.core.hasher)
        await switch_two_step_on()

    assert (await login).outcome == (403, "MFA_REQUIRED")
    assert await SessionRow.count() == 1


async def test_two_step_login_is_reported_only_after_a_correct_password(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await switch_two_step_on()

    assert (await ada.log_in(password="Wrong-Horse-7-Staple")).outcome == (401, "INVALID_CREDENTIALS")


async def test_disabled_account_is_reported_before_two_step_login(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await switch_two_step_on()
    await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await ada.log_in()).outcome == (403, "ACCOUNT_DISABLED")


async def last_event() -> tuple[str, dict[str, str]]:
    row = await AuditLogRow.select().order_by(AuditLogRow.id, ascending=False).first()
    assert row is not None
    return row["action"], json.loads(row["details"])
