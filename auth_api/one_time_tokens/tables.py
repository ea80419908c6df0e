"""The table of one-time tokens."""

from piccolo.columns import JSON, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class OneTimeTokenRow(RawSql, Table, tablename="one_time_tokens"):
    """One row per token. One conditional statement redeems it, so that only one of several requests succeeds."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=True, index=True)
    purpose = Varchar(length=50, default=None, null=False)  # the only one it can be used for
    token_hash = Varchar(length=255, unique=True, default=None, null=False, secret=True)
    payload = JSON(default=None, null=True)  # such as the new e-mail address
    expires_at = Timestamptz(default=None, null=False, index=True)
    used_at = Timestamptz(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
