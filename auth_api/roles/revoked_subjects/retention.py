"""Retention of revoked subjects."""

from datetime import timedelta
from typing import Final

from auth_api.kit.db.retention import RetentionRule
from auth_api.roles.revoked_subjects.tables import RevokedSubjectRow

RETENTION_RULES: Final = (
    RetentionRule(
        name="revoked_subjects",
        table=RevokedSubjectRow,
        ended_at=RevokedSubjectRow.issued_before,
        # Longer than any access token is valid: ACCESS_TOKEN_EXPIRE_MINUTES is at most a day.
        kept_for=timedelta(days=2),
    ),
)
