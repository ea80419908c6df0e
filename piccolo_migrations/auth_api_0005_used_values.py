"""A table of the values that were used and must not be accepted again. The previous version does not use it."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz, Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create used_values"

COLUMN: dict[str, Any] = {
    "default": None,
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    manager.add_table(class_name="UsedValueRow", tablename="used_values", schema=None, columns=None)
    manager.add_column(
        table_class_name="UsedValueRow",
        tablename="used_values",
        column_name="digest",
        db_column_name="digest",
        column_class_name="Varchar",
        column_class=Varchar,
        params={**COLUMN, "length": 64, "primary_key": True, "secret": True},
        schema=None,
    )
    manager.add_column(
        table_class_name="UsedValueRow",
        tablename="used_values",
        column_name="kind",
        db_column_name="kind",
        column_class_name="Varchar",
        column_class=Varchar,
        params={**COLUMN, "length": 50},
        schema=None,
    )
    manager.add_column(
        table_class_name="UsedValueRow",
        tablename="used_values",
        column_name="expires_at",
        db_column_name="expires_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={**COLUMN, "index": True},
        schema=None,
    )
    return manager
