"""The tables of service accounts and API keys."""

from piccolo.columns import Boolean, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class ServiceAccountRow(RawSql, Table, tablename="service_accounts"):
    """One row per program that has API keys of its own, and no password."""

    id = NeverReusedBigSerial(primary_key=True)
    name = Varchar(length=50, unique=True, default=None, null=False)
    description = Varchar(length=200, default=None, null=False)
    is_active = Boolean(default=True, null=False)
    created_by = Varchar(length=40, default=None, null=False)  # an actor, see `events/audit/actors.py`
    created_at = Timestamptz(default=None, null=False)
    updated_at = Timestamptz(default=None, null=False)


class ApiKeyRow(RawSql, Table, tablename="api_keys"):
    """One row per API key, which belongs to either a user or a service account."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=True, index=True)
    service_account_id = ForeignKey(ServiceAccountRow, on_delete=OnDelete.cascade, null=True, index=True)
    name = Varchar(length=50, default=None, null=False)
    token_hash = Varchar(length=64, unique=True, default=None, null=False, secret=True)
    hint = Varchar(length=4, default=None, null=False)  # the first random characters, for lists
    scopes = Text(default=None, null=False)  # names of permissions, separated by spaces
    created_by = Varchar(length=40, default=None, null=False)  # an actor, as above
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=True, index=True)  # null if it never expires
    revoked_at = Timestamptz(default=None, null=True, index=True)
    revoked_reason = Varchar(length=50, default=None, null=True)
    last_used_at = Timestamptz(default=None, null=True)  # written at most once per minute
    last_used_ip_address = Varchar(length=45, default=None, null=True)
