"""Retention of mailed tokens, used or not."""

from datetime import timedelta
from typing import Final

from auth_api.kit.db.retention import RetentionRule
from auth_api.one_time_tokens.tables import OneTimeTokenRow

RETENTION_RULES: Final = (
    RetentionRule(
        name="one_time_tokens",
        table=OneTimeTokenRow,
        ended_at=OneTimeTokenRow.expires_at,
        kept_for=timedelta(days=1),
    ),
)
