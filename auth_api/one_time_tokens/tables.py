"""Secrets that are mailed, for one purpose and one use."""

from piccolo.columns import JSON, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class OneTimeTokenRow(RawSql, Table, tablename="one_time_tokens"):
    """One row per mailed token. Spent in one conditional statement, so one of any number of users of it wins."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=True, index=True)
    purpose = Varchar(length=50, default=None, null=False)  # what it may be used for, and nothing else
    token_hash = Varchar(length=255, unique=True, default=None, null=False, secret=True)
    payload = JSON(default=None, null=True)  # what its use changes: a new address
    expires_at = Timestamptz(default=None, null=False, index=True)
    used_at = Timestamptz(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
