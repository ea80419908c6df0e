"""Retention of requests of applications."""

from datetime import timedelta
from typing import Final

from auth_api.kit.db.retention import RetentionRule
from auth_api.oauth.requests.tables import OAuthRequestRow

RETENTION_RULES: Final = (
    RetentionRule(
        name="oauth_requests",
        table=OAuthRequestRow,
        ended_at=OAuthRequestRow.expires_at,
        kept_for=timedelta(days=1),
    ),
)
