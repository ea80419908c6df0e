"""The limits on mails: a stranger who requests mails does not use up those of the owner of the e-mail address."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from auth_api.events.outbox.tables import OutboxRow
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.throttling.policy import HOUR
from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.client_ips import from_ip
from tests.support.counters import age_counters
from tests.support.mail_flows import forgot, report, resend, undo
from tests.support.mailbox import Mailbox
from tests.support.rows import outbox_rows, user_rows

STRANGERS = [f"198.51.100.{number}" for number in range(1, 5)]
OWNER = "203.0.113.80"

Ask = Callable[[Actor, str], Awaitable[ApiResponse]]

ASKED_MAILS = pytest.mark.parametrize("ask", [forgot, resend])
ADDRESSES = pytest.mark.parametrize("email", ["ada@example.com", "unknown@example.com"], ids=["known", "unknown"])


@pytest.fixture
async def other(app_with: OtherAppFactory, user_factory: UserFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    """An application with limits; Ada has an account."""
    await user_factory()
    async with app_with(
        mailer=mailbox, RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="100", TRUSTED_PROXIES=CLIENT_IP
    ) as started:
        yield started


async def ask_times(number: int, ask: Ask, app: OtherApp, email: str, client_ip: str) -> None:
    for _ in range(number):
        assert (await ask(from_ip(Actor(app.client), client_ip), email)).status == 202


@ASKED_MAILS
@ADDRESSES
async def test_requests_of_a_stranger_do_not_use_up_the_mails_of_the_owner(
    other: OtherApp, ask: Ask, email: str
) -> None:
    await ask_times(20, ask, other, email, STRANGERS[0])
    assert len(await outbox_rows()) == 3

    await ask_times(4, ask, other, email, OWNER)

    assert len(await outbox_rows()) == 6


@ASKED_MAILS
@ADDRESSES
async def test_one_email_address_gets_10_mails_of_a_kind_per_hour_from_all_networks(
    other: OtherApp, ask: Ask, email: str
) -> None:
    for client_ip in STRANGERS:
        await ask_times(4, ask, other, email, client_ip)

    assert len(await outbox_rows()) == 10
    await ask_times(1, ask, other, email, OWNER)
    assert len(await outbox_rows()) == 10

    await age_counters(HOUR)
    await ask_times(1, ask, other, email, OWNER)
    assert len(await outbox_rows()) == 11


async def test_kinds_of_mail_are_counted_separately(other: OtherApp) -> None:
    await ask_times(4, forgot, other, "ada@example.com", OWNER)
    await ask_times(4, resend, other, "ada@example.com", OWNER)

    assert len(await outbox_rows()) == 6


@pytest.mark.parametrize("take_back", ["report", "undo"])
async def test_link_for_a_new_password_is_sent_after_the_owner_took_the_account_back(
    other: OtherApp, take_back: str
) -> None:
    """The account has no password then, so a stranger who used up the limit would lock the owner out."""
    owner = from_ip(Actor(other.client), OWNER)
    await ask_times(4, forgot, other, "ada@example.com", OWNER)
    await OutboxRow.delete(force=True)
    (user,) = await user_rows()
    tokens = other.services.core.tokens
    if take_back == "report":
        response = await report(owner, await tokens.issue(Purpose.SESSION_REPORT, user["id"]))
    else:
        token = await tokens.issue(Purpose.EMAIL_UNDO, user["id"], email="ada@example.com")
        response = await undo(owner, token)

    assert response.status == 200
    assert [row["template"] for row in await outbox_rows()] == ["account_recovered"]
