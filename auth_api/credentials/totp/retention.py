"""Retention of authenticator apps that were not confirmed."""

from typing import Final

from auth_api.credentials.totp.tables import TotpCandidateRow
from auth_api.kit.db.retention import RetentionRule

RETENTION_RULES: Final = (
    RetentionRule(name="totp_candidates", table=TotpCandidateRow, ended_at=TotpCandidateRow.expires_at),
)
