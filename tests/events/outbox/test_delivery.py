"""Delivery of stored mails: claims, retries, failures and the log."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auth_api.credentials.passwords.mails import PASSWORD_CHANGED
from auth_api.events.outbox import delivery, repository
from auth_api.events.outbox.delivery import SERVICE, Delivery
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.flows.password_recovery.service import RecoveryService
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.mail.failures import FailureMeaning, PermanentMailError, ReplyCodes, SendPhase, TransientMailError
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.operations.health.service import HealthService
from auth_api.services import Services
from auth_api.users.identifiers import CanonicalEmail
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.log_lines import logged
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import age_mails, audit_actions, outbox_rows, user_rows

HERE = RequestContext(client_ip="203.0.113.7", user_agent="curl/8.5.0", request_id="abc123")
ADA = CanonicalEmail("ada@example.com")
FIRST_DELAY_SECONDS = delivery.FIRST_DELAY_SECONDS
"""The product's delay, which a fixture of all tests changes."""


async def request_reset(services: Services, address: CanonicalEmail = ADA) -> None:
    await services.of(RecoveryService).forgot(address, HERE)


async def waiting_ids() -> list[int]:
    """Return the ids of the mails that are neither sent nor failed."""
    return [row["id"] for row in await outbox_rows() if row["sent_at"] is None and row["failed_at"] is None]


async def test_mail_of_a_rolled_back_transaction_is_not_sent(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    await user_factory()

    async def work() -> None:
        await services.core.outbox.to_email(PASSWORD_RESET, ADA, HERE)
        raise OSError

    with pytest.raises(Exception, match="database"):
        await services.core.database.transaction(work)

    assert await mailbox.collect() == []
    assert await outbox_rows() == []


async def test_sender_is_woken_after_the_commit(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await user_factory()
    woken: list[str] = []
    monkeypatch.setattr(services.core.outbox, "on_arrival", lambda _delay: woken.append("woken"))

    async def work() -> None:
        await services.core.outbox.to_email(PASSWORD_RESET, ADA, HERE)
        woken.append("end of the transaction")

    await services.core.database.transaction(work)

    assert woken == ["end of the transaction", "woken"]


async def test_mail_is_due_after_a_random_time_for_known_and_unknown_emails(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    """The work that a known address causes must not begin right after the response, in whatever process."""
    await user_factory()
    delays: list[float] = []
    async with app_with(mailer=mailbox, MAIL_DELAY_SECONDS="60") as other:
        other.services.core.outbox.on_arrival = delays.append
        for email in (ADA, CanonicalEmail("unknown@example.com")) * 5:
            await request_reset(other.services, email)
        await other.services.of(Delivery).deliver_all()

    rows = await outbox_rows()
    stored_delays = [(row["next_attempt_at"] - row["created_at"]).total_seconds() for row in rows]
    assert [row["attempts"] for row in rows] == [0] * 10
    assert all(60 <= delay <= 180 for delay in stored_delays)
    assert len(set(delays)) > 5
    assert stored_delays == pytest.approx(delays, abs=0.001)  # the job is woken when the mail is due


async def test_mail_is_sent_once_and_its_parameters_are_deleted(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    await user_factory()
    await request_reset(services)

    assert [mail.recipient for mail in await mailbox.collect()] == [ADA]
    assert await mailbox.collect() == []
    (row,) = await outbox_rows()
    assert row["sent_at"] is not None
    assert (row["parameters"], row["locked_until"], row["attempts"]) == (None, None, 1)


async def test_row_contains_no_token_and_no_text(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    await user_factory()
    await request_reset(services)
    mailbox.failure = TransientMailError()
    await mailbox.collect()

    assert "ot_" not in str(await outbox_rows())
    assert "Hello" not in str(await outbox_rows())


async def test_mail_without_recipient_is_deleted(services: Services, mailbox: Mailbox) -> None:
    await request_reset(services, CanonicalEmail("unknown@example.com"))

    assert len(await outbox_rows()) == 1
    assert await mailbox.collect() == []
    assert await outbox_rows() == []
    assert await audit_actions() == []


async def test_concurrent_processes_send_each_mail_once(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    people = [await user_factory() for _ in range(12)]
    for person in people:
        await request_reset(services, CanonicalEmail(person.email))

    await asyncio.gather(*(services.of(Delivery).deliver_all() for _ in range(5)))

    assert sorted(mail.recipient for mail in mailbox.sent) == sorted(person.email for person in people)
    assert {row["attempts"] for row in await outbox_rows()} == {1}


async def test_claimed_mail_is_claimed_again_only_after_the_lease(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """The mails of a process that was killed are sent by other processes."""
    await user_factory()
    await request_reset(services)
    (item,) = await repository.claim(10, lease=delivery.LEASE_SECONDS)

    assert await mailbox.collect() == []

    await age_mails(seconds=delivery.LEASE_SECONDS + 1)
    assert len(await mailbox.collect()) == 1
    (row,) = await outbox_rows()
    assert (row["id"], row["attempts"]) == (item.id, 2)


async def test_deferred_mail_is_retried_with_a_working_token(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    await user_factory()
    await request_reset(services)
    mailbox.failure = TransientMailError()
    with logged("WARNING") as lines:
        assert await mailbox.collect() == []

    assert [line["delay"] for line in lines if line.get("event") == "mail:deferred"] == [delivery.FIRST_DELAY_SECONDS]
    mailbox.failure = None
    assert await mailbox.collect() == []  # not due yet

    await age_mails(seconds=delivery.FIRST_DELAY_SECONDS + 1)
    first = await mailbox.one()
    grant = await services.core.tokens.find(token_of(first), Purpose.PASSWORD_RESET)
    assert grant.user_id is not None
    assert (await audit_actions()).count("password:reset_requested") == 1


async def test_retry_delays_double(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_DELAY_SECONDS", 3600 * FIRST_DELAY_SECONDS)  # no mail is due again at once
    monkeypatch.setattr(delivery, "MAX_DELAY_SECONDS", 3600 * delivery.MAX_DELAY_SECONDS)
    await user_factory()
    await request_reset(services)
    mailbox.failure = TransientMailError()
    delays = []
    for _ in range(10):
        breakers.get(SERVICE).close()
        with logged("WARNING") as lines:
            await mailbox.collect()
        delays += [line["delay"] for line in lines if line.get("event") == "mail:deferred"]
        for row in await outbox_rows():
            await repository.reschedule(row["id"], delay=0, is_attempt=True)

    assert [delay / 3600 for delay in delays] == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560]


async def test_mail_fails_after_a_day(user_factory: UserFactory, services: Services, mailbox: Mailbox) -> None:
    await user_factory()
    await request_reset(services)
    mailbox.failure = TransientMailError()
    await age_mails(seconds=delivery.MAX_AGE_SECONDS + 1)

    with logged("ERROR") as lines:
        await mailbox.collect()

    assert [line["event"] for line in lines] == ["mail:failed"]
    assert await waiting_ids() == []
    (row,) = await outbox_rows()
    assert (row["failed_at"] is not None, row["sent_at"]) == (True, None)


async def test_unknown_recipient_fails_at_once_and_does_not_open_the_breaker(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    for _ in range(6):
        person = await user_factory()
        await request_reset(services, CanonicalEmail(person.email))
    mailbox.failure = PermanentMailError()

    await mailbox.collect()

    assert [row["failed_at"] is not None for row in await outbox_rows()] == [True] * 6
    assert breakers.snapshot()[SERVICE].state == "closed"


async def test_outage_of_the_mail_server_opens_the_breaker(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """Mails that were not sent because of it do not count an attempt."""
    for _ in range(12):
        person = await user_factory()
        await request_reset(services, CanonicalEmail(person.email))
    mailbox.failure = TransientMailError()

    pause = 0.0
    while not pause:
        pause = await services.of(Delivery).step()

    assert breakers.snapshot()[SERVICE].state == "open"
    assert 0 < pause <= 1
    rows = await outbox_rows()
    assert sum(row["attempts"] for row in rows) <= 8
    assert {row["locked_until"] for row in rows} == {None}


async def test_login_works_without_the_mail_server(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory()
    breakers.get(SERVICE).open()

    assert (await ada.log_in()).status == 200
    assert (await services.of(HealthService).readiness()).status == "ready"


async def test_slow_sending_is_a_transient_error(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    class HangingMailer:
        async def send(self, message: object) -> None:
            await asyncio.Event().wait()

    await user_factory()
    await request_reset(services)
    monkeypatch.setattr(delivery, "SEND_TIMEOUT_SECONDS", 0.01)
    with pytest.raises(TransientMailError, match="TimeoutError"):
        await delivery.send(HangingMailer(), None)  # type: ignore[arg-type]  # the message is not used


async def test_log_contains_the_meaning_the_phase_and_the_reply_codes(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    await user_factory()
    await request_reset(services)
    mailbox.failure = TransientMailError(
        meaning=FailureMeaning.RECIPIENT_LATER, phase=SendPhase.RCPT, reply=ReplyCodes(451, "4.7.1")
    )

    with logged("WARNING") as lines:
        await mailbox.collect()

    (line,) = [line for line in lines if line.get("event") == "mail:deferred" and line["mail_kind"] == "password_reset"]
    assert (line["meaning"], line["phase"]) == ("recipient_later", "rcpt")
    assert (line["smtp_code"], line["enhanced_code"]) == (451, "4.7.1")


async def test_log_contains_the_kind_but_not_the_recipient(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    await user_factory()
    await request_reset(services)

    with logged("INFO") as lines:
        await mailbox.collect()

    (line,) = [line for line in lines if line.get("event") == "mail:sent"]
    assert (line["mail_kind"], line["attempts"], line["origin_request_id"]) == ("password_reset", 1, "abc123")
    assert "ada@" not in str(lines)


async def stored(template: str, parameters: str) -> None:
    """Add a row as another version of the server wrote it."""
    now = datetime.now(UTC)
    await OutboxRow.insert(
        OutboxRow(template=template, address=ADA, parameters=parameters, next_attempt_at=now, created_at=now)
    )


@pytest.mark.parametrize("more", ["", ',"actor":"user:7","later":{}'], ids=["earlier", "later"])
async def test_row_of_another_version_is_sent(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, more: str
) -> None:
    await user_factory()
    request = f'{{"ip_address":"203.0.113.7","request_id":"abc123","language":"en"{more}}}'
    await stored("password_reset", f'{{"origin":{request}}}')

    with logged("INFO") as lines:
        message = await mailbox.one()

    assert "/account/reset-password#token=" in message.text
    assert [line["origin_request_id"] for line in lines if line.get("event") == "mail:sent"] == ["abc123"]


async def test_stored_request_has_the_names_that_all_versions_read(
    user_factory: UserFactory, services: Services
) -> None:
    """During a deployment both versions read the same outbox."""
    await user_factory()
    await request_reset(services)

    (row,) = [row for row in await outbox_rows() if row["template"] == PASSWORD_RESET.name]

    assert json.loads(row["parameters"])["origin"] == {
        "ip_address": "203.0.113.7",
        "user_agent": "curl/8.5.0",
        "request_id": "abc123",
        "language": None,
        "actor": None,
        "key_id": None,
        "via": None,
    }


async def test_kind_of_a_newer_version_is_deferred(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """During a deployment both versions read the same outbox."""
    await user_factory()
    await stored("of_a_newer_version", "{}")
    await request_reset(services)

    with logged("WARNING") as lines:
        sent = await mailbox.collect()

    assert [message.recipient for message in sent] == [ADA]
    assert [line["error_type"] for line in lines if line.get("event") == "mail:deferred"] == ["UnknownMailKindError"]
    assert len(await waiting_ids()) == 1


@pytest.mark.parametrize(
    "parameters",
    ["{}", "[]", "null", '{"origin": {"language": ["de"]}}', '{"origin": 7}', '{"salt": 7}'],
)
async def test_mail_that_cannot_be_drafted_does_not_stop_others(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, parameters: str
) -> None:
    """A newer version may store other parameters."""
    await user_factory()
    await stored("registration", parameters)
    await OutboxRow.update({OutboxRow.address: "new@example.com"}, force=True)
    await request_reset(services)

    with logged("WARNING") as lines:
        sent = await mailbox.collect()

    assert [message.recipient for message in sent] == [ADA]
    assert [line["mail_kind"] for line in lines if line.get("event") == "mail:deferred"] == ["registration"]
    assert [line for line in lines if line.get("event") == "job:failed"] == []


async def test_template_that_cannot_be_rendered_defers_only_its_mails(
    app_with: OtherAppFactory, user_factory: UserFactory, mailbox: Mailbox, tmp_path: Path
) -> None:
    await user_factory(is_verified=True)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "password_reset.txt").write_bytes(b"{{ minutes // 0 }}")
    async with app_with(mailer=mailbox, MAIL_TEMPLATES=str(tmp_path)) as other:
        await request_reset(other.services)
        (user,) = await user_rows()
        await other.services.core.outbox.to_user(PASSWORD_CHANGED, user["id"], HERE)
        with logged("ERROR") as lines:
            await other.services.of(Delivery).deliver_all()

    (line,) = [line for line in lines if line.get("event") == "mail:deferred"]
    assert [message.subject for message in mailbox.sent] == ["Your password was changed"]
    assert (line["template"], line["error_type"], line["delay"]) == (
        "en/password_reset.txt",
        "ZeroDivisionError",
        delivery.FIRST_DELAY_SECONDS,
    )
    (row,) = [row for row in await outbox_rows() if row["sent_at"] is None]
    assert (row["locked_until"], row["attempts"], row["failed_at"]) == (None, 1, None)
