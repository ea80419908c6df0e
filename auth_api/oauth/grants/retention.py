"""Retention of grants."""

from datetime import timedelta
from typing import Final

from piccolo.columns.combination import WhereRaw

from auth_api.kit.db.retention import RetentionRule
from auth_api.oauth.grants.tables import OAuthGrantRow

RETENTION_RULES: Final = (
    RetentionRule(
        name="oauth_grants",
        table=OAuthGrantRow,
        ended_at=OAuthGrantRow.expires_at,
        kept_for=timedelta(days=1),
        removed_if=WhereRaw(
            "(is_offline OR ended_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM sessions "
            "WHERE sessions.id = oauth_grants.session_id AND sessions.ended_at IS NULL "
            "AND sessions.expires_at > clock_timestamp()))"
        ),
    ),
)
