"""The tables of roles and permissions. The previous version does not use them."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, Boolean, Column, ForeignKey, OnDelete, OnUpdate, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial

ID = "2026-11-30T20:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create roles, user_roles and permissions"


class UserRow(Table, tablename="users", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


class RoleRow(Table, tablename="roles", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


Definition = tuple[type[Column], dict[str, Any]]

KEY: Definition = (NeverReusedBigSerial, {"null": False, "primary_key": True})
TIME: Definition = (Timestamptz, {"default": None, "null": False})
FLAG: Definition = (Boolean, {"default": None, "null": False})


def text(length: int, **params: bool) -> Definition:
    return Varchar, {"length": length, "default": None, "null": False, **params}


def reference(table: type[Table], on_delete: OnDelete) -> Definition:
    rules = {"on_delete": on_delete, "on_update": OnUpdate.cascade}
    return ForeignKey, {"references": table, "target_column": None, "default": None, "null": False, **rules}


TABLES: dict[tuple[str, str], dict[str, Definition]] = {
    ("RoleRow", "roles"): {
        "id": KEY,
        "name": text(50, unique=True),
        "description": text(200),
        "permissions": (Text, {"default": None, "null": False}),
        "is_built_in": FLAG,
        "is_administrative": FLAG,
        "lock_version": (BigInt, {"default": 0, "null": False}),
        "created_at": TIME,
        "updated_at": TIME,
    },
    ("UserRoleRow", "user_roles"): {
        "id": KEY,
        "user_id": reference(UserRow, OnDelete.cascade),
        "role_id": reference(RoleRow, OnDelete.restrict),
        "granted_by": text(100, null=True),
        "granted_at": TIME,
    },
    ("PermissionRow", "permissions"): {
        "id": KEY,
        "name": text(64, unique=True),
        "description": text(200),
        "created_by": text(100, null=True),
        "created_at": TIME,
    },
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    for (class_name, tablename), columns in TABLES.items():
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
        for name, (kind, params) in columns.items():
            manager.add_column(
                table_class_name=class_name,
                tablename=tablename,
                column_name=name,
                column_class=kind,
                params=params,
            )
    return manager
