"""The table of logins that wait for a second factor."""

from piccolo.columns import BigInt, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class PendingLoginRow(RawSql, Table, tablename="pending_logins"):
    """One row per login whose first factor was right and that needs a second one."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, index=True)
    token_hash = Varchar(length=64, unique=True, default=None, null=False, secret=True)
    purpose = Varchar(length=20, default=None, null=False)  # what the token may be used for
    amr = Varchar(length=100, default=None, null=False)  # the methods that were proved, separated by spaces
    auth_time = Timestamptz(default=None, null=False)  # the time of that proof
    attempts = SmallInt(default=None, null=False)  # guesses that were counted
    expires_at = Timestamptz(default=None, null=False, index=True)
    ended_at = Timestamptz(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
    ip_address = Varchar(length=45, default=None, null=True)
    user_agent = Varchar(length=255, default=None, null=True)
    identity_id = BigInt(default=None, null=True)  # the identity that proved the first factor
