"""Manifest of the security history."""

from typing import Final

from auth_api.events.audit.retention import retention_rules
from auth_api.events.audit.tables import AuditLogRow
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(tables=(AuditLogRow,), retention=lambda settings: retention_rules(settings.audit))
