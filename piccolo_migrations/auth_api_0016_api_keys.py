"""The tables of service accounts and API keys. The previous version accepts no keys, and serves on meanwhile."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Boolean, Column, ForeignKey, OnDelete, OnUpdate, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial

ID = "2026-11-30T23:16:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create service_accounts and api_keys"

Definition = tuple[type[Column], dict[str, Any]]


class UserRow(Table, tablename="users", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


class ServiceAccountRow(Table, tablename="service_accounts", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


def required(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": False, **params}


def optional(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": True, **params}


def owner(table: type[Table]) -> Definition:
    return optional(
        ForeignKey,
        references=table,
        target_column=None,
        on_delete=OnDelete.cascade,
        on_update=OnUpdate.cascade,
        index=True,
    )


PRIMARY_KEY: Definition = (NeverReusedBigSerial, {"null": False, "primary_key": True})

TABLES: dict[str, tuple[str, dict[str, Definition]]] = {
    "ServiceAccountRow": (
        "service_accounts",
        {
            "id": PRIMARY_KEY,
            "name": required(Varchar, length=50, unique=True),
            "description": required(Varchar, length=200),
            "is_active": required(Boolean, default=True),
            "created_by": required(Varchar, length=40),
            "created_at": required(Timestamptz),
            "updated_at": required(Timestamptz),
        },
    ),
    "ApiKeyRow": (
        "api_keys",
        {
            "id": PRIMARY_KEY,
            "user_id": owner(UserRow),
            "service_account_id": owner(ServiceAccountRow),
            "name": required(Varchar, length=50),
            "token_hash": required(Varchar, length=64, unique=True, secret=True),
            "hint": required(Varchar, length=4),
            "scopes": required(Text),
            "created_by": required(Varchar, length=40),
            "created_at": required(Timestamptz),
            "expires_at": optional(Timestamptz, index=True),
            "revoked_at": optional(Timestamptz, index=True),
            "revoked_reason": optional(Varchar, length=50),
            "last_used_at": optional(Timestamptz),
            "last_used_ip_address": optional(Varchar, length=45),
        },
    ),
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    for class_name, (tablename, columns) in TABLES.items():
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
