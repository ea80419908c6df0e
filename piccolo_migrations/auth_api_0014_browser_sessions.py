"""The table of the sessions of browsers. The previous version does not use it, and serves on while it is created."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import UUID, Boolean, ForeignKey, OnDelete, OnUpdate, Varchar
from piccolo.table import Table

ID = "2026-11-30T17:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create browser_sessions"


class SessionRow(Table, tablename="sessions", schema=None):
    id = UUID(default=None, null=False, primary_key=True)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    manager.add_table(class_name="BrowserSessionRow", tablename="browser_sessions", schema=None, columns=None)
    for name, kind, params in (
        (
            "session_id",
            ForeignKey,
            {
                "references": SessionRow,
                "target_column": None,
                "on_delete": OnDelete.cascade,
                "on_update": OnUpdate.cascade,
                "primary_key": True,
            },
        ),
        ("token_hash", Varchar, {"length": 64, "unique": True, "secret": True}),
        ("keep", Boolean, {}),
    ):
        manager.add_column(
            table_class_name="BrowserSessionRow",
            tablename="browser_sessions",
            column_name=name,
            column_class=kind,
            params={"default": None, "null": False, **params},
        )
    return manager
