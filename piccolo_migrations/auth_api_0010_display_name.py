"""The column for the name that applications show for a user. The previous version does not write it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Varchar

ID = "2026-11-30T11:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "add users.display_name"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    manager.add_column(
        table_class_name="UserRow",
        tablename="users",
        column_name="display_name",
        column_class=Varchar,
        params={"length": 100, "default": None, "null": True},
    )
    return manager
