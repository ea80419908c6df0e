"""The table of invitations. The previous version does not use it."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, Column, Integer, Text, Timestamptz, Varchar

from auth_api.kit.db.columns import NeverReusedBigSerial

ID = "2026-11-30T22:17:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create invitations"

Definition = tuple[type[Column], dict[str, Any]]


def required(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": False, **params}


COLUMNS: dict[str, Definition] = {
    "id": (NeverReusedBigSerial, {"null": False, "primary_key": True}),
    "email": required(Varchar, length=254),
    "roles": required(Text),
    "locale": required(Varchar, length=35, null=True),
    "invited_by": required(Varchar, length=100),
    "token_hash": required(Varchar, length=64, null=True, unique=True, secret=True),
    "mails": required(Integer),
    "created_at": required(Timestamptz),
    "expires_at": required(Timestamptz, index=True),
    "accepted_at": required(Timestamptz, null=True),
    "accepted_by": required(BigInt, null=True),
    "revoked_at": required(Timestamptz, null=True),
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    manager.add_table(class_name="InvitationRow", tablename="invitations", schema=None, columns=None)
    for name, (kind, params) in COLUMNS.items():
        manager.add_column(
            table_class_name="InvitationRow",
            tablename="invitations",
            column_name=name,
            column_class=kind,
            params=params,
        )
    return manager
