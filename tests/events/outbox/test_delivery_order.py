"""Recipients that a mail server does not accept do not delay the mails of others; with a real SMTP conversation."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from email.headerregistry import Address
from typing import Any, Final

import pytest

from auth_api.events.outbox import delivery as outbox_delivery
from auth_api.events.outbox.delivery import MAX_BATCH, MAX_DELAY_SECONDS, SERVICE, Delivery
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.mail.policy import SmtpServer
from auth_api.kit.mail.smtp import SmtpMailer
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.users.identifiers import CanonicalEmail
from tests.conftest import UserFactory
from tests.support.log_lines import logged
from tests.support.rows import age_mails, outbox_rows
from tests.support.scripted_mail_server import CLOSE, ScriptedMailServer

BAD: Final = 20
GOOD: Final = "ada@example.com"


@pytest.fixture
def server() -> Iterator[ScriptedMailServer]:
    with ScriptedMailServer() as running:
        yield running


@pytest.fixture
async def delivery(services: Services, server: ScriptedMailServer, db_session: None) -> AsyncIterator[Delivery]:
    """The delivery of the application, by SMTP."""
    address = SmtpServer.from_url(f"smtp://127.0.0.1:{server.port}?tls=none")
    yield replace(services.of(Delivery), mailer=SmtpMailer(address, Address("", "no-reply", "example.com")))
    breakers.get(SERVICE).close()


async def stage(services: Services, *emails: str) -> None:
    for email in emails:
        await services.of(RecoveryService).forgot(CanonicalEmail(email), RequestContext())


async def registered(user_factory: UserFactory, count: int) -> list[str]:
    """Register users with addresses at a domain of their own, and return the addresses."""
    return [
        (await user_factory(username=f"user{number}", email=f"user{number}@nowhere.example")).email
        for number in range(count)
    ]


@pytest.mark.parametrize(
    "reply",
    [
        "450 4.1.2 Recipient address rejected: Domain not found",
        "450 4.7.1 Recipient address rejected: Greylisted",
        "452 4.2.2 Mailbox full",
        "450 4.2.1 The user is receiving mail too fast",
        "550 5.7.1 Rejected by the recipient's policy",
        "451",
    ],
)
async def test_rejected_recipients_do_not_delay_other_mails(
    user_factory: UserFactory, services: Services, server: ScriptedMailServer, delivery: Delivery, reply: str
) -> None:
    await user_factory(email=GOOD)
    bad = await registered(user_factory, BAD)
    server.recipients = dict.fromkeys(bad, reply)
    await stage(services, *bad, GOOD)

    for _ in range(BAD // MAX_BATCH + 1):
        await delivery.step()

    assert server.accepted == [GOOD]
    assert sorted(server.asked) == sorted([*bad, GOOD])
    assert breakers.snapshot()[SERVICE].state == "closed"
    assert breakers.snapshot()[SERVICE].failures == 0


async def test_mail_that_was_never_tried_is_sent_before_retries(
    user_factory: UserFactory, services: Services, server: ScriptedMailServer, delivery: Delivery
) -> None:
    await user_factory(email=GOOD)
    bad = await registered(user_factory, BAD)
    server.recipients = dict.fromkeys(bad, "450 4.1.2 Domain not found")
    await stage(services, *bad)
    await delivery.deliver_all()
    await age_mails(seconds=outbox_delivery.FIRST_DELAY_SECONDS + 1)  # all of them are due again
    await stage(services, GOOD)
    server.asked.clear()

    await delivery.step()

    assert server.accepted == [GOOD]
    assert len(server.asked) == MAX_BATCH


async def test_half_open_breaker_is_tested_with_a_mail_that_was_never_tried(
    user_factory: UserFactory, services: Services, server: ScriptedMailServer, delivery: Delivery
) -> None:
    """A recipient whose check makes the mail server hang up would open the breaker again and again."""
    await user_factory(email=GOOD)
    bad = await registered(user_factory, 3)
    server.recipients = dict.fromkeys(bad, CLOSE)
    await stage(services, *bad)
    await delivery.step()
    await age_mails(seconds=outbox_delivery.FIRST_DELAY_SECONDS + 1)
    await stage(services, GOOD)
    breakers.get(SERVICE).half_open()
    server.asked.clear()

    await delivery.step()

    assert (server.asked, server.accepted) == ([GOOD], [GOOD])
    assert breakers.snapshot()[SERVICE].state == "closed"


async def test_rejected_recipient_closes_a_half_open_breaker(
    user_factory: UserFactory, services: Services, server: ScriptedMailServer, delivery: Delivery
) -> None:
    (bad,) = await registered(user_factory, 1)
    server.recipients = {bad: "450 4.1.2 Domain not found"}
    await stage(services, bad)
    breakers.get(SERVICE).half_open()

    await delivery.step()

    assert breakers.snapshot()[SERVICE].state == "closed"


@pytest.mark.parametrize("command", ["GREETING", "EHLO", "MAIL", "RCPT"])
async def test_server_that_is_shutting_down_opens_the_breaker(
    user_factory: UserFactory, services: Services, server: ScriptedMailServer, delivery: Delivery, command: str
) -> None:
    server.replies = {command: "421 4.3.2 Service shutting down"}
    await stage(services, *await registered(user_factory, 6))

    while not await delivery.step():
        pass

    assert breakers.snapshot()[SERVICE].state == "open"


@pytest.mark.parametrize("attempts", [10, 11, 100, 1_000_000])
async def test_retry_delay_is_bounded(
    user_factory: UserFactory, services: Services, server: ScriptedMailServer, delivery: Delivery, attempts: int
) -> None:
    (bad,) = await registered(user_factory, 1)
    server.recipients = {bad: "450 4.1.2 Domain not found"}
    await stage(services, bad)
    tried: dict[Any, Any] = {OutboxRow.attempts: attempts}
    await OutboxRow.update(tried, force=True)

    with logged("WARNING") as lines:
        await delivery.step()

    assert [line["delay"] for line in lines if line.get("event") == "mail:deferred"] == [MAX_DELAY_SECONDS]
    (row,) = await outbox_rows()
    assert (row["attempts"], row["failed_at"]) == (attempts + 1, None)


@pytest.mark.parametrize(
    ("reply", "event", "is_error", "fields"),
    [
        ("550 5.1.1 <{}>: unknown", "mail:failed", True, ("unknown_recipient", "rcpt", 550, "5.1.1")),
        ("450 4.1.2 <{}>: Domain not found", "mail:deferred", False, ("recipient_later", "rcpt", 450, "4.1.2")),
        ("550-5.7.1 <{}>\n550 5.7.1 no", "mail:deferred", True, ("policy", "rcpt", 550, "5.7.1")),
        ("553 5.7.1 <{}>: Unable to relay", "mail:deferred", True, ("relay", "rcpt", 553, "5.7.1")),
        ("550 5.4.5 Daily limit of {}", "mail:deferred", True, ("quota", "rcpt", 550, "5.4.5")),
        ("421 {}: Bye", "mail:deferred", False, ("unavailable", "rcpt", 421, None)),
        (CLOSE, "mail:deferred", False, ("unavailable", "rcpt", None, None)),
    ],
)
async def test_log_line_has_the_meaning_but_not_the_text_of_the_reply(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    user_factory: UserFactory,
    services: Services,
    server: ScriptedMailServer,
    delivery: Delivery,
    reply: str,
    event: str,
    is_error: bool,
    fields: tuple[object, ...],
) -> None:
    (bad,) = await registered(user_factory, 1)
    server.recipients = {bad: reply.format(bad)}
    await stage(services, bad)

    with logged("INFO") as lines, logged("ERROR") as errors:
        await delivery.step()

    (line,) = [line for line in lines if line.get("event") == event]
    assert tuple(line[key] for key in ("meaning", "phase", "smtp_code", "enhanced_code")) == fields
    assert ([error["event"] for error in errors], line["remedy"] != "") == ([event] if is_error else [], True)
    counted = [line["meaning"] for line in lines if line.get("event") == "breaker:call_failed"]
    assert counted == (["unavailable"] if fields[0] == "unavailable" else [])
    assert "nowhere.example" not in str(lines)
