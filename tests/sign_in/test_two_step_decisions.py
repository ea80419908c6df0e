"""Whether a correct password opens a session or needs a second factor, decided on the locked row of the user."""

import asyncio

import pytest

from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.pending_login import PendingPurpose
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.clock import MovableClock
from tests.support.factors import (
    add_recovery_codes,
    add_totp,
    current_code,
    first_step,
    move_to_a_new_step,
    second_step,
    switch_two_step_on,
)
from tests.support.log_lines import logged
from tests.support.mail_flows import forgot, reset, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.statements import until_blocked

ENDED = (400, "MFA_TOKEN_INVALID")
FOREIGN = "1.00000000." + "A" * 60


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with two-step login."""
    ada = await user_factory(is_verified=True)
    await switch_two_step_on(ada.username)
    return ada


@pytest.fixture
async def seed(ada: Actor, services: Services, clock: MovableClock) -> bytes:
    """The secret of her authenticator app, at the beginning of a time step."""
    move_to_a_new_step(clock)
    return await add_totp(services, ada.username)


async def test_account_with_an_app_and_without_two_step_login_needs_no_second_factor(
    user_factory: UserFactory, services: Services
) -> None:
    grace = await user_factory()
    await add_totp(services, grace.username)

    response = await grace.log_in()

    assert (response.status, response["acr"], response["amr"]) == (200, "aal1", ["pwd"])


async def test_account_disabled_between_the_steps_is_refused(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)
    await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await second_step(ada, token, current_code(services, seed))).outcome == (403, "ACCOUNT_DISABLED")
    assert await SessionRow.count() == 1


async def test_refusal_uses_up_neither_the_code_nor_the_login(ada: Actor, seed: bytes, services: Services) -> None:
    token, code = await first_step(ada), current_code(services, seed)
    await UserRow.update({UserRow.is_active: False}, force=True)
    await second_step(ada, token, code)
    await UserRow.update({UserRow.is_active: True}, force=True)

    assert (await second_step(ada, token, code)).status == 200


async def test_missing_verification_is_reported_at_the_second_step(
    ada: Actor, seed: bytes, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    token = await first_step(ada)
    await UserRow.update({UserRow.email_verified_at: None}, force=True)

    async with verifying_app(app_with, mailbox) as other:
        ada.client = other.client
        response = await second_step(ada, token, current_code(other.services, seed))

    assert response.outcome == (403, "EMAIL_NOT_VERIFIED")


async def test_account_deleted_between_the_steps_has_no_login(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)
    await UserRow.delete(force=True)

    assert (await second_step(ada, token, current_code(services, seed))).outcome == ENDED


async def test_login_waits_for_the_change_that_switches_two_step_login_on(
    ada: Actor, seed: bytes, services: Services
) -> None:
    del seed
    await UserRow.update({UserRow.two_step_since: None}, force=True)
    engine = services.core.database.engine
    changed, commit = asyncio.Event(), asyncio.Event()

    async def switch() -> None:
        async with engine.transaction():
            await switch_two_step_on(ada.username)
            changed.set()
            await commit.wait()

    change = asyncio.create_task(switch())
    await changed.wait()
    login = asyncio.create_task(Actor(ada.client).log_in())
    await until_blocked(engine)
    commit.set()
    await change

    assert (await login).outcome == (403, "MFA_REQUIRED")
    assert await SessionRow.count() == 1


async def test_reset_by_mail_opens_no_session_and_keeps_the_second_factor(
    ada: Actor, seed: bytes, services: Services, mailbox: Mailbox
) -> None:
    """ASVS 6.4.3."""
    await forgot(ada, ada.email)

    assert (await reset(ada, await mailbox.token())).status == 200

    assert await SessionRow.count().where(SessionRow.ended_at.is_null()) == 0
    ada.password = "Another-Horse-8-Battery"
    assert (await second_step(ada, await first_step(ada), current_code(services, seed))).status == 200


@pytest.mark.parametrize(("has_codes", "methods"), [(False, []), (True, ["recovery_code"])])
async def test_lost_key_locks_the_account_instead_of_opening_it(
    ada: Actor, services: Services, has_codes: bool, methods: list[str]
) -> None:
    await add_totp(services, ada.username)
    await TotpFactorRow.update({TotpFactorRow.sealed: FOREIGN}, force=True)
    if has_codes:
        await add_recovery_codes(services, ada.username)

    with logged("ERROR") as errors:
        response = await ada.log_in()

    assert (response.outcome, response["methods"], response["enrolment"]) == ((403, "MFA_REQUIRED"), methods, [])
    code = await second_step(ada, response["mfa_token"], "123456")
    assert code.outcome == (404, "FACTOR_NOT_FOUND")
    assert [line["event"] for line in errors] == ["login:no_usable_factor"]


async def test_secret_of_another_row_is_a_wrong_code_and_an_error_in_the_log(
    ada: Actor, seed: bytes, services: Services, user_factory: UserFactory
) -> None:
    """The encryption is bound to the row."""
    grace = await user_factory()
    await add_totp(services, grace.username)
    await switch_two_step_on(grace.username)
    (first, second) = await TotpFactorRow.select(TotpFactorRow.sealed).order_by(TotpFactorRow.id)
    assert first != second
    await TotpFactorRow.update({TotpFactorRow.sealed: first["sealed"]}, force=True)

    with logged("ERROR") as errors:
        response = await second_step(grace, await first_step(grace), current_code(services, seed))

    assert response.outcome == (400, "FACTOR_INVALID")
    assert [line["event"] for line in errors] == ["totp:seed_unreadable"]


async def test_pending_login_expires_after_ten_minutes(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)
    await PendingLoginRow.update({PendingLoginRow.expires_at: ago(seconds=1)}, force=True)

    assert (await second_step(ada, token, current_code(services, seed))).outcome == ENDED


async def test_pending_login_of_another_purpose_is_not_accepted(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)
    await PendingLoginRow.update({PendingLoginRow.purpose: PendingPurpose.ENROLMENT.value}, force=True)

    assert (await second_step(ada, token, current_code(services, seed))).outcome == ENDED


@pytest.mark.parametrize("token", ["", "mfa_", "mfa_" + "A" * 43, "rt_" + "A" * 43, "\x00", "💥" * 60])
async def test_unknown_token_is_invalid(ada: Actor, seed: bytes, token: str) -> None:
    del seed

    assert (await second_step(ada, token, "123456")).outcome == ENDED


async def test_password_without_which_the_account_is_left_cannot_begin_a_login(ada: Actor, seed: bytes) -> None:
    del seed
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert await PendingLoginRow.count() == 0
