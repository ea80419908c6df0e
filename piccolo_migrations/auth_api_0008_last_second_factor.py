"""A column for the last proof by a second factor, which the previous version does not write.

It has a migration of its own: one transaction that locks two tables can deadlock with requests.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Timestamptz

ID = "2026-11-30T10:08:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "add sessions.mfa_at"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    manager.add_column(
        table_class_name="SessionRow",
        tablename="sessions",
        column_name="mfa_at",
        db_column_name="mfa_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={"default": None, "null": True},
        schema=None,
    )
    return manager
