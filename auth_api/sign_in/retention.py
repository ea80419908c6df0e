"""Retention of logins that waited for a second factor."""

from datetime import timedelta
from typing import Final

from auth_api.kit.db.retention import RetentionRule
from auth_api.sign_in.tables import PendingLoginRow

RETENTION_RULES: Final = (
    RetentionRule(
        name="pending_logins",
        table=PendingLoginRow,
        ended_at=PendingLoginRow.expires_at,
        kept_for=timedelta(days=1),
    ),
)
