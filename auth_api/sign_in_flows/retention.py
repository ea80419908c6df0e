"""Retention of sign-ins that lead through another site. They contain what a provider says about people."""

from typing import Final

from auth_api.kit.db.retention import RetentionRule
from auth_api.sign_in_flows.tables import SignInFlowRow

RETENTION_RULES: Final = (RetentionRule(name="sign_in_flows", table=SignInFlowRow, ended_at=SignInFlowRow.expires_at),)
