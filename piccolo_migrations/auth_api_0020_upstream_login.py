"""Tables and columns of logins by providers and of refresh tokens in cookies. The previous version ignores them."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import JSON, UUID, BigInt, Boolean, Column, ForeignKey, OnDelete, OnUpdate, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial

ID = "2026-12-01T00:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create sign_in_flows and user_identities"

Definition = tuple[type[Column], dict[str, Any]]


class UserRow(Table, tablename="users", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


def required(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": False, **params}


def optional(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": True, **params}


def user(*, null: bool) -> Definition:
    params = {"references": UserRow, "on_delete": OnDelete.cascade, "on_update": OnUpdate.cascade}
    return ForeignKey, {**params, "target_column": None, "default": None, "null": null, "index": True}


def secret_digest(*, unique: bool = True) -> Definition:
    return optional(Varchar, length=64, unique=unique, secret=True)


PRIMARY_KEY: Definition = (NeverReusedBigSerial, {"null": False, "primary_key": True})

TABLES: dict[tuple[str, str], dict[str, Definition]] = {
    ("SignInFlowRow", "sign_in_flows"): {
        "id": PRIMARY_KEY,
        "stage": required(Varchar, length=10),
        "purpose": required(Varchar, length=10),
        "created_at": required(Timestamptz),
        "expires_at": required(Timestamptz, index=True),
        "provider": optional(Varchar, length=30),
        "user_id": user(null=True),
        "session_id": optional(UUID),
        "state_hash": secret_digest(),
        "browser_hash": secret_digest(unique=False),
        "code_hash": secret_digest(),
        "secret_hash": secret_digest(),
        "challenge": optional(Varchar, length=43),
        "return_to": optional(Varchar, length=500),
        "continue_path": optional(Varchar, length=2048),
        "key_id": optional(Varchar, length=16),
        "error_code": optional(Varchar, length=50),
        "evidence": optional(JSON),
    },
    ("UserIdentityRow", "user_identities"): {
        "id": PRIMARY_KEY,
        "user_id": user(null=False),
        "provider": required(Varchar, length=30),
        "issuer": required(Varchar, length=255),
        "subject": required(Varchar, length=255),
        "email": optional(Varchar, length=254),
        "email_verified": required(Boolean),
        "linked_at": required(Timestamptz),
        "last_used_at": required(Timestamptz),
    },
}

NEW_COLUMNS: dict[tuple[str, str], dict[str, Definition]] = {
    ("SessionRow", "sessions"): {"transport": optional(Varchar, length=8), "identity_id": optional(BigInt)},
    ("PendingLoginRow", "pending_logins"): {"identity_id": optional(BigInt)},
    ("UserRoleRow", "user_roles"): {"identity_id": optional(BigInt)},
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)
    for class_name, tablename in TABLES:
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
    for (class_name, tablename), columns in (TABLES | NEW_COLUMNS).items():
        for name, (kind, params) in columns.items():
            manager.add_column(
                table_class_name=class_name,
                tablename=tablename,
                column_name=name,
                column_class=kind,
                params=params,
            )
    return manager
