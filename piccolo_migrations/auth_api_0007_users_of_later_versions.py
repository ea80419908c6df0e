"""Columns of `users` for second factors, for a public identifier and for data of applications.

All of them may be null: the previous version goes on serving and does not write them. The next migration fills
`subject`.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import JSON, UUID, Timestamptz

ID = "2026-11-30T10:07:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "add users.two_step_since, users.subject and users.metadata"

COLUMNS = {"two_step_since": Timestamptz, "subject": UUID, "metadata": JSON}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    for name, kind in COLUMNS.items():
        manager.add_column(
            table_class_name="UserRow",
            tablename="users",
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params={"default": None, "null": True},
            schema=None,
        )
    return manager
