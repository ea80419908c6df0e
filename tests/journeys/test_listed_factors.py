"""Mails about a recovered account list the second factors that it keeps, and those that were removed."""

from typing import Any

import pytest

from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.factors import add_recovery_codes, add_totp, switch_two_step_on
from tests.support.mail_flows import change_password, report, reset, undo
from tests.support.mailbox import Mailbox
from tests.support.passkeys import stored_passkey

KEPT = "Second factors that your account keeps: {}. After you have logged in, remove any that is not yours."
REMOVED = "Second factors that were removed: {}."


@pytest.fixture
async def ada(user_factory: UserFactory, services: Services) -> Actor:
    """A user with old two-step login by an old app, and two passkeys and recovery codes of today."""
    ada = await user_factory(is_verified=True)
    await add_totp(services, ada.username)
    await switch_two_step_on(ada.username)
    old: dict[Any, Any] = {TotpFactorRow.confirmed_at: ago(days=8)}
    await TotpFactorRow.update(old, force=True)
    await UserRow.update({UserRow.two_step_since: ago(days=8)}, force=True)
    for name in ("Laptop", "call 555-0100"):
        await stored_passkey(services, ada, name=name)
    await add_recovery_codes(services, ada.username)
    return ada


async def link(actor: Actor, services: Services, purpose: Purpose) -> str:
    user = await services.core.users.find(actor.username)
    return await OneTimeTokens().issue(purpose, user.id, email=actor.email)


async def test_mail_after_a_reset_of_the_password_lists_what_stays(
    ada: Actor, services: Services, mailbox: Mailbox
) -> None:
    assert (await reset(ada, await link(ada, services, Purpose.PASSWORD_RESET))).status == 200

    (mail,) = await mailbox.collect()
    assert KEPT.format("authenticator app, 2 passkeys, recovery codes") in mail.text
    assert "removed" not in mail.text
    assert "555-0100" not in mail.text + mail.html


@pytest.mark.parametrize(("use", "purpose"), [(report, Purpose.SESSION_REPORT), (undo, Purpose.EMAIL_UNDO)])
async def test_mail_after_a_report_lists_what_was_removed_and_what_stays(
    ada: Actor, services: Services, mailbox: Mailbox, use: Any, purpose: Purpose
) -> None:
    assert (await use(ada, await link(ada, services, purpose))).status == 200

    (mail,) = await mailbox.collect()
    assert REMOVED.format("2 passkeys, recovery codes") in mail.text
    assert KEPT.format("authenticator app") in mail.text
    assert KEPT.format("authenticator app") in mail.html


async def test_mail_to_a_user_without_second_factors_does_not_mention_any(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    grace = await user_factory(username="grace", is_verified=True)

    await reset(grace, await link(grace, services, Purpose.PASSWORD_RESET))

    assert "factors" not in (await mailbox.one()).text


async def test_mail_after_an_ordinary_password_change_lists_no_factors(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    grace = await user_factory(username="grace", is_verified=True)
    await change_password(grace, "Another-Mare-8-Paperclip")

    assert "factors" not in (await mailbox.one()).text
