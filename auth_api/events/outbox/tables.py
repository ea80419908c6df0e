"""The table of mails to be sent."""

from piccolo.columns import JSON, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class OutboxRow(RawSql, Table, tablename="outbox"):
    """One row per mail: its kind and recipient, never a token or a rendered text."""

    id = NeverReusedBigSerial(primary_key=True)
    template = Varchar(length=50, default=None, null=False)  # `MailKind.name`
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=True, index=True)
    address = Varchar(length=254, default=None, null=True)
    parameters = JSON(
        default=None, null=True
    )  # for the draft and the templates; `origin`: request context; `salt`: of the token
    attempts = Integer(default=0)
    next_attempt_at = Timestamptz(default=None, null=False)  # indexed for the rows that are neither sent nor failed
    locked_until = Timestamptz(default=None, null=True)  # end of the lease of the process that sends it
    sent_at = Timestamptz(default=None, null=True)
    failed_at = Timestamptz(default=None, null=True)  # will not be retried
    created_at = Timestamptz(default=None, null=False)
