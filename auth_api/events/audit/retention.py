"""Retention of the security history."""

from auth_api.events.audit.policy import AuditPolicy
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.db.retention import RetentionRule


def retention_rules(policy: AuditPolicy) -> tuple[RetentionRule, ...]:
    """Return the rule for events; none if they are kept forever."""
    if policy.retention is None:
        return ()
    return (
        RetentionRule(
            name="audit_events",
            table=AuditLogRow,
            ended_at=AuditLogRow.created_at,
            kept_for=policy.retention,
            skips_locked=False,  # a role that may not change events may still be allowed to remove them
        ),
    )
