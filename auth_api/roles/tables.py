"""Roles, which accounts have them, and the permissions that a team declares for its own APIs."""

from piccolo.columns import BigInt, Boolean, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class RoleRow(RawSql, Table, tablename="roles"):
    """One row per role. Migrations insert the built-in ones."""

    id = NeverReusedBigSerial(primary_key=True)
    name = Varchar(length=50, unique=True, default=None, null=False)
    description = Varchar(length=200, default=None, null=False)
    permissions = Text(default=None, null=False)  # sorted names, separated by spaces
    is_built_in = Boolean(default=None, null=False)
    is_administrative = Boolean(default=None, null=False)  # follows from `permissions`, for use in statements
    lock_version = BigInt(default=0, null=False)  # of `administrator`: changed to lock the role
    created_at = Timestamptz(default=None, null=False)
    updated_at = Timestamptz(default=None, null=False)


class UserRoleRow(RawSql, Table, tablename="user_roles"):
    """One row per role of a user; unique by user and role."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False)  # indexed together with `role_id`
    role_id = ForeignKey(RoleRow, on_delete=OnDelete.restrict, null=False)  # indexed together with `user_id`
    granted_by = Varchar(length=100, default=None, null=True)  # an actor of the security history
    granted_at = Timestamptz(default=None, null=False)
    identity_id = BigInt(default=None, null=True)  # the identity whose provider grants it; null if a person did


class PermissionRow(RawSql, Table, tablename="permissions"):
    """One row per permission that a team declared for its own APIs."""

    id = NeverReusedBigSerial(primary_key=True)
    name = Varchar(length=64, unique=True, default=None, null=False)
    description = Varchar(length=200, default=None, null=False)
    created_by = Varchar(length=100, default=None, null=True)  # an actor of the security history
    created_at = Timestamptz(default=None, null=False)
