"""Mails about a recovered account name the providers by which its user can still log in."""

from typing import Any

import pytest

from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.tables import OutboxRow
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.identities import add_identity, install_acme
from tests.support.mail_flows import report, reset, undo
from tests.support.mailbox import Mailbox

MAIL = {"SMTP_URL": "smtps://nowhere", "MAIL_FROM": "a@b.org"}

KEPT = "Your account keeps these ways to log in: {}. After you have logged in, unlink any that is not yours."


@pytest.mark.parametrize(
    ("use", "purpose", "kept"),
    [
        (reset, Purpose.PASSWORD_RESET, "Acme, Acme"),
        (report, Purpose.SESSION_REPORT, "Acme"),
        (undo, Purpose.EMAIL_UNDO, "Acme"),
    ],
)
async def test_mail_after_a_recovery_lists_the_identities_that_stay(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch, use: Any, purpose: Purpose, kept: str
) -> None:
    """One was linked 8 days ago. That of today is removed by a report, and not by a reset of the password."""
    install_acme(monkeypatch)
    mailbox = Mailbox()
    async with app_with(mailer=mailbox, **MAIL) as other:
        mailbox.delivery = other.services.of(Delivery)
        ada = Actor(other.client)
        await ada.register()
        verified: dict[Any, Any] = {UserRow.email_verified_at: UserRow.created_at}
        await UserRow.update(verified, force=True)
        await OutboxRow.delete(force=True)
        user = await other.services.core.users.find(ada.username)
        await add_identity(other.services, user.id, "old")
        linked: dict[Any, Any] = {UserIdentityRow.linked_at: ago(days=8)}
        await UserIdentityRow.update(linked, force=True)
        await add_identity(other.services, user.id, "new")

        assert (await use(ada, await OneTimeTokens().issue(purpose, user.id, email=ada.email))).status == 200

        (mail,) = await mailbox.collect()
        assert KEPT.format(kept) in mail.text
        assert KEPT.format(kept) in mail.html
