"""The tables of the OAuth provider, and what the built-in role `auditor` may read of them.

The previous version uses neither, and serves on while they are created.
"""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import (
    JSON,
    UUID,
    Boolean,
    Column,
    ForeignKey,
    OnDelete,
    OnUpdate,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.engine.finder import engine_finder
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial

ID = "2026-12-01T03:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "create the tables of the OAuth provider"

EARLIER_PERMISSIONS = "audit:read invitations:read keys:read roles:read service-accounts:read sessions:read users:read"
PERMISSIONS = EARLIER_PERMISSIONS.replace("audit:read", "audit:read clients:read")

Definition = tuple[type[Column], dict[str, Any]]


class UserRow(Table, tablename="users", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


class SessionRow(Table, tablename="sessions", schema=None):
    id = UUID(default=None, null=False, primary_key=True)


class OAuthClientRow(Table, tablename="oauth_clients", schema=None):
    id = NeverReusedBigSerial(null=False, primary_key=True)


def required(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": False, **params}


def optional(kind: type[Column], **params: Any) -> Definition:
    return kind, {"default": None, "null": True, **params}


def secret_digest(*, unique: bool = True) -> Definition:
    return optional(Varchar, length=64, unique=unique, secret=True)


def reference(
    table: type[Table], *, null: bool = False, on_delete: OnDelete = OnDelete.cascade, index: bool = True
) -> Definition:
    params = {"references": table, "target_column": None, "on_delete": on_delete, "on_update": OnUpdate.cascade}
    return ForeignKey, {**params, "default": None, "null": null, "index": index}


SERIAL_KEY: Definition = (NeverReusedBigSerial, {"null": False, "primary_key": True})
UUID_KEY: Definition = (UUID, {"default": None, "null": False, "primary_key": True})

TABLES: dict[tuple[str, str], dict[str, Definition]] = {
    ("OAuthResourceRow", "oauth_resources"): {
        "id": SERIAL_KEY,
        "identifier": required(Varchar, length=512, unique=True),
        "name": required(Varchar, length=100),
        "scopes": required(JSON),
        "access_token_minutes": optional(SmallInt),
        "created_at": required(Timestamptz),
        "updated_at": required(Timestamptz),
    },
    ("OAuthClientRow", "oauth_clients"): {
        "id": SERIAL_KEY,
        "client_id": required(Varchar, length=64, unique=True),
        "name": required(Varchar, length=100),
        "kind": required(Varchar, length=10),
        "uri": optional(Varchar, length=512),
        "redirect_uris": required(Text),
        "post_logout_redirect_uris": required(Text),
        "grant_types": required(Text),
        "scopes": required(Text),
        "introspects": required(Text),
        "required_role": optional(Varchar, length=50),
        "first_party": required(Boolean),
        "require_pkce": required(Boolean),
        "is_active": required(Boolean),
        "secret_hash": secret_digest(unique=False),
        "secret_hint": optional(Varchar, length=4),
        "secret_created_at": optional(Timestamptz),
        "previous_secret_hash": secret_digest(unique=False),
        "previous_secret_hint": optional(Varchar, length=4),
        "previous_secret_created_at": optional(Timestamptz),
        "previous_secret_expires_at": optional(Timestamptz),
        "created_at": required(Timestamptz),
        "updated_at": required(Timestamptz),
        "last_used_at": optional(Timestamptz),
    },
    ("OAuthRequestRow", "oauth_requests"): {
        "id": UUID_KEY,
        "kind": required(Varchar, length=10),
        "client_id": reference(OAuthClientRow, null=True),
        "parameters": required(JSON),
        "state": required(Varchar, length=10),
        "step": required(SmallInt),
        "public_hash": secret_digest(),
        "binding_hash": secret_digest(unique=False),
        "user_id": reference(UserRow, null=True),
        "session_id": reference(SessionRow, null=True),
        "grant_id": optional(UUID),
        "code_hash": secret_digest(),
        "code_expires_at": optional(Timestamptz),
        "device_hash": secret_digest(),
        "user_code_hash": secret_digest(),
        "poll_interval": optional(SmallInt),
        "polled_at": optional(Timestamptz),
        "ip_address": optional(Varchar, length=45),
        "user_agent": optional(Text),
        "created_at": required(Timestamptz),
        "expires_at": required(Timestamptz, index=True),
    },
    ("OAuthGrantRow", "oauth_grants"): {
        "id": UUID_KEY,
        "client_id": reference(OAuthClientRow),
        "user_id": reference(UserRow),
        "session_id": reference(SessionRow, null=True, on_delete=OnDelete.set_null),
        "is_offline": required(Boolean),
        "scopes": required(Text),
        "resources": required(Text),
        "auth_time": required(Timestamptz),
        "handle_hash": secret_digest(),
        "refresh_hash": secret_digest(unique=False),
        "previous_hash": secret_digest(unique=False),
        "salt": optional(Varchar, length=32, secret=True),
        "spent_at": optional(Timestamptz),
        "created_at": required(Timestamptz),
        "last_used_at": required(Timestamptz),
        "expires_at": required(Timestamptz, index=True),
        "ended_at": optional(Timestamptz),
        "ended_reason": optional(Varchar, length=50),
    },
    ("OAuthConsentRow", "oauth_consents"): {
        "id": UUID_KEY,
        "user_id": reference(UserRow, index=False),
        "client_id": reference(OAuthClientRow),
        "scopes": required(Text),
        "offline": required(Boolean),
        "granted_at": required(Timestamptz),
    },
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)

    async def extend_auditor() -> None:
        await engine_finder().run_ddl(f"UPDATE roles SET permissions = '{PERMISSIONS}' WHERE name = 'auditor'")

    async def restrict_auditor() -> None:
        await engine_finder().run_ddl(f"UPDATE roles SET permissions = '{EARLIER_PERMISSIONS}' WHERE name = 'auditor'")

    manager.add_raw(extend_auditor)
    manager.add_raw_backwards(restrict_auditor)
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
