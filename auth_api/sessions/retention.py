"""Retention of sessions and refresh tokens."""

from datetime import timedelta
from typing import Final

from piccolo.columns.combination import WhereRaw

from auth_api.kit.db.retention import RetentionRule
from auth_api.sessions.policy import KNOWN_NETWORK_PERIOD, SessionPolicy
from auth_api.sessions.tables import RefreshTokenRow, SessionRow

KEPT_AFTER_END: Final = timedelta(days=1)


def retention_rules(policy: SessionPolicy) -> tuple[RetentionRule, ...]:
    """Return the rules in the order of removal.

    A session stays as long as its network counts as known, however short sessions are, and until its refresh tokens
    are removed: rows that are removed by the foreign key would not be limited by the size of a batch. The one row of a
    browser is removed by it.
    """
    return (
        RetentionRule(
            name="refresh_tokens",
            table=RefreshTokenRow,
            ended_at=RefreshTokenRow.expires_at,
            kept_for=KEPT_AFTER_END,
        ),
        RetentionRule(
            name="sessions",
            table=SessionRow,
            ended_at=SessionRow.absolute_expires_at,
            kept_for=max(KEPT_AFTER_END, KNOWN_NETWORK_PERIOD + KEPT_AFTER_END - policy.absolute_ttl),
            removed_if=WhereRaw(
                "NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE refresh_tokens.session_id = sessions.id)"
            ),
        ),
    )
