"""Columns for who caused an event. Instances of earlier versions leave them empty."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Varchar

ID = "2026-11-30T10:06:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "add the actor and the impersonator of events"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    for name in ("actor", "impersonator"):
        manager.add_column(
            table_class_name="AuditLogRow",
            tablename="audit_logs",
            column_name=name,
            column_class=Varchar,
            params={"length": 100, "default": None, "null": True},
        )
    return manager
