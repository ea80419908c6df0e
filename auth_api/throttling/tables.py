"""The table of counters."""

from piccolo.columns import DoublePrecision, Integer, Varchar
from piccolo.table import Table

from auth_api.kit.db.raw_sql import RawSql


class ThrottleCounterRow(RawSql, Table, tablename="throttle_counters"):
    """One row per limit and limited network, user or e-mail address.

    Times are seconds since 1970 on the database's clock, which both engines add and compare in the same way.
    """

    key = Varchar(length=150, primary_key=True, default=None, null=False)
    attempts = Integer(default=0)
    window_ends_at = DoublePrecision(default=None, null=False)
    blocked_until = DoublePrecision(default=None, null=False)
    expires_at = DoublePrecision(default=None, null=False, index=True)
