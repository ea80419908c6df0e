"""The table of recovery codes."""

from piccolo.columns import ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class RecoveryCodeRow(RawSql, Table, tablename="recovery_codes"):
    """One row per code of the present set of a user. A used code stays, so that the user can be told the number."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, index=True)
    code_hash = Varchar(length=64, default=None, null=False, secret=True)
    created_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(default=None, null=True)
