"""The table of used values."""

from piccolo.columns import Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.raw_sql import RawSql


class UsedValueRow(RawSql, Table, tablename="used_values"):
    """One row per value that was used and must not be accepted again. It says nothing about a user."""

    digest = Varchar(length=64, primary_key=True, default=None, null=False, secret=True)  # of kind and value
    kind = Varchar(length=50, default=None, null=False)
    expires_at = Timestamptz(default=None, null=False, index=True)  # afterwards the value is refused as expired
