"""The table of passkeys, and the column of `users` that identifies an account to authenticators.

`users.webauthn_handle` may be null: it is set when the user adds the first passkey. The next migration adds its index.
"""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, Boolean, Column, ForeignKey, Integer, OnDelete, OnUpdate, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial

ID = "2026-11-30T12:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create passkeys, add users.webauthn_handle"


class UserRow(Table, tablename="users", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


Definition = tuple[type[Column], dict[str, Any]]


def required(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": False, **params}


COLUMNS: dict[str, Definition] = {
    "id": (NeverReusedBigSerial, {"null": False, "primary_key": True}),
    "user_id": required(
        ForeignKey,
        references=UserRow,
        target_column=None,
        on_delete=OnDelete.cascade,
        on_update=OnUpdate.cascade,
        index=True,
    ),
    "name": required(Varchar, length=60),
    "credential_digest": required(Varchar, length=64, unique=True),
    "credential_id": required(Varchar, length=1364),
    "public_key": required(Varchar, length=1500),
    "algorithm": required(Integer),
    "sign_count": required(BigInt),
    "backup_eligible": required(Boolean),
    "backed_up": required(Boolean),
    "transports": required(Varchar, length=100),
    "aaguid": required(Varchar, length=36),
    "rp_id": required(Varchar, length=253),
    "created_at": required(Timestamptz),
    "last_used_at": (Timestamptz, {"default": None, "null": True}),
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    manager.add_table(class_name="PasskeyRow", tablename="passkeys", schema=None, columns=None)
    for name, (kind, params) in COLUMNS.items():
        manager.add_column(
            table_class_name="PasskeyRow", tablename="passkeys", column_name=name, column_class=kind, params=params
        )
    manager.add_column(
        table_class_name="UserRow",
        tablename="users",
        column_name="webauthn_handle",
        column_class=Varchar,
        params={"length": 43, "default": None, "null": True},
    )
    return manager
