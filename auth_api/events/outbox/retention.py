"""Retention of mails that were sent or have failed; waiting mails are never removed."""

from datetime import timedelta
from typing import Final

from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.db.retention import RetentionRule

RETENTION_RULES: Final = (
    RetentionRule(name="sent_mails", table=OutboxRow, ended_at=OutboxRow.sent_at, kept_for=timedelta(days=7)),
    # Longer, so that operators can find out what went wrong.
    RetentionRule(name="failed_mails", table=OutboxRow, ended_at=OutboxRow.failed_at, kept_for=timedelta(days=30)),
)
