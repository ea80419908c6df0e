"""A table of users who were disabled or deleted, or lost a role. The previous version does not use it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, Timestamptz

ID = "2026-11-30T20:18:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create revoked_subjects"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    manager.add_table(class_name="RevokedSubjectRow", tablename="revoked_subjects", schema=None, columns=None)
    for name, kind, params in (
        ("user_id", BigInt, {"primary_key": True}),
        ("issued_before", Timestamptz, {"index": True}),
    ):
        manager.add_column(
            table_class_name="RevokedSubjectRow",
            tablename="revoked_subjects",
            column_name=name,
            column_class=kind,
            params={"default": None, "null": False, **params},
        )
    return manager
