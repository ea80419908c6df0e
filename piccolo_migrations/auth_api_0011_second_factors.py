"""Tables of second factors and of the logins that wait for one. The previous version does not use them.

`users.second_factor_failures` may be null: the previous version goes on inserting users.
"""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, Column, ForeignKey, Integer, OnDelete, OnUpdate, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial

ID = "2026-11-30T11:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create totp_factors, totp_candidates, recovery_codes and pending_logins"


class UserRow(Table, tablename="users", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


Definition = tuple[type[Column], dict[str, Any]]

KEY: Definition = (NeverReusedBigSerial, {"null": False, "primary_key": True})
TIME: Definition = (Timestamptz, {"default": None, "null": False})
OPTIONAL_TIME: Definition = (Timestamptz, {"default": None, "null": True})
INDEXED_TIME: Definition = (Timestamptz, {"default": None, "null": False, "index": True})


def user(**params: bool) -> Definition:
    cascade = {"on_delete": OnDelete.cascade, "on_update": OnUpdate.cascade}
    return ForeignKey, {"references": UserRow, "target_column": None, "default": None, "null": False, **cascade, **params}


def text(length: int, **params: bool) -> Definition:
    return Varchar, {"length": length, "default": None, "null": False, **params}


TABLES: dict[tuple[str, str], dict[str, Definition]] = {
    ("TotpFactorRow", "totp_factors"): {
        "id": KEY,
        "user_id": user(unique=True),
        "sealed": text(255, secret=True),
        "last_step": (BigInt, {"default": None, "null": False}),
        "confirmed_at": TIME,
        "last_used_at": OPTIONAL_TIME,
    },
    ("TotpCandidateRow", "totp_candidates"): {
        "id": KEY,
        "user_id": user(unique=True),
        "sealed": text(255, secret=True),
        "expires_at": INDEXED_TIME,
    },
    ("RecoveryCodeRow", "recovery_codes"): {
        "id": KEY,
        "user_id": user(index=True),
        "code_hash": text(64, secret=True),
        "created_at": TIME,
        "used_at": OPTIONAL_TIME,
    },
    ("PendingLoginRow", "pending_logins"): {
        "id": KEY,
        "user_id": user(index=True),
        "token_hash": text(64, unique=True, secret=True),
        "purpose": text(20),
        "amr": text(100),
        "auth_time": TIME,
        "attempts": (SmallInt, {"default": None, "null": False}),
        "expires_at": INDEXED_TIME,
        "ended_at": OPTIONAL_TIME,
        "created_at": TIME,
        "ip_address": text(45, null=True),
        "user_agent": text(255, null=True),
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
    manager.add_column(
        table_class_name="UserRow",
        tablename="users",
        column_name="second_factor_failures",
        column_class=Integer,
        params={"default": None, "null": True},
    )
    return manager
