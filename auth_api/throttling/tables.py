"""Counters of attempts."""

from piccolo.columns import Integer, Timestamptz, Varchar
from piccolo.table import Table


class ThrottleCounter(Table, tablename="throttle_counters"):
    """One row per thing that is limited; counted by one statement, so that all workers and instances agree."""

    key = Varchar(length=150, primary_key=True, default=None, null=False)
    attempts = Integer(default=0)
    window_started_at = Timestamptz(default=None, null=False)
    blocked_until = Timestamptz(default=None, null=True)
    expires_at = Timestamptz(default=None, null=False, index=True)
