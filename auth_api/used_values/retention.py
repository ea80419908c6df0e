"""Retention of used values."""

from datetime import timedelta
from typing import Final

from auth_api.kit.db.retention import RetentionRule
from auth_api.used_values.tables import UsedValueRow

RETENTION_RULES: Final = (
    RetentionRule(
        name="used_values",
        table=UsedValueRow,
        ended_at=UsedValueRow.expires_at,
        # A server whose clock is behind that of the database still accepts a value after its end.
        kept_for=timedelta(days=1),
    ),
)
