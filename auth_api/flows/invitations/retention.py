"""Retention of invitations, from the time until which they could have been accepted."""

from datetime import timedelta
from typing import Final

from auth_api.flows.invitations.tables import InvitationRow
from auth_api.kit.db.retention import RetentionRule

RETENTION_RULES: Final = (
    RetentionRule(
        name="invitations",
        table=InvitationRow,
        ended_at=InvitationRow.expires_at,
        kept_for=timedelta(days=90),
    ),
)
