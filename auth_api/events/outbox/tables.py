"""Mail that a transaction decided on."""

from piccolo.columns import JSON, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class OutboxRow(RawSql, Table, tablename="outbox"):
    """One row per mail. Holds what to say and to whom, never a token and never a rendered text."""

    id = NeverReusedBigSerial(primary_key=True)
    template = Varchar(length=50, default=None, null=False)  # which letter
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=True, index=True)
    address = Varchar(length=254, default=None, null=True)
    parameters = JSON(default=None, null=True)  # what the letter names
    attempts = Integer(default=0)
    next_attempt_at = Timestamptz(default=None, null=False)  # indexed for the rows that wait
    locked_until = Timestamptz(default=None, null=True)  # who sends it has until then
    sent_at = Timestamptz(default=None, null=True)
    failed_at = Timestamptz(default=None, null=True)  # given up
    created_at = Timestamptz(default=None, null=False)
