"""The table of the security history."""

from piccolo.columns import JSON, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class AuditLogRow(RawSql, Table, tablename="audit_logs"):
    """One row per security event, never changed. When a user is deleted, the rows stay without the user id."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.set_null, null=True)  # indexed together with `id`
    action = Varchar(length=50, default=None, null=False)  # `events/audit/events.py` lists them
    resource = Varchar(length=100, default=None, null=False)
    details = JSON(default=None, null=True)
    ip_address = Varchar(length=45, default=None, null=True)
    user_agent = Text(default=None, null=True)
    request_id = Varchar(length=64, default=None, null=True)  # also in the log
    actor = Varchar(length=100, default=None, null=True)  # who was authenticated: `events/audit/actors.py`
    impersonator = Varchar(length=100, default=None, null=True)  # who acted as the actor; always null in this version
    created_at = Timestamptz(default=None, null=False, index=True)
