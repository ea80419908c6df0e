"""Retention of API keys after their end, for the lists of their owners."""

from datetime import timedelta
from typing import Final

from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.kit.db.retention import RetentionRule

KEPT_AFTER_END: Final = timedelta(days=30)

RETENTION_RULES: Final = (
    RetentionRule(name="expired_api_keys", table=ApiKeyRow, ended_at=ApiKeyRow.expires_at, kept_for=KEPT_AFTER_END),
    RetentionRule(name="revoked_api_keys", table=ApiKeyRow, ended_at=ApiKeyRow.revoked_at, kept_for=KEPT_AFTER_END),
)
