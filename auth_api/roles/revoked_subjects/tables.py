"""The table of users whose earlier access tokens must be refused."""

from piccolo.columns import BigInt, Timestamptz
from piccolo.table import Table

from auth_api.kit.db.raw_sql import RawSql


class RevokedSubjectRow(RawSql, Table, tablename="revoked_subjects"):
    """One row per user who was disabled or deleted, or lost a role, in the last two days."""

    user_id = BigInt(primary_key=True, default=None, null=False)  # no foreign key: the row outlives the user
    issued_before = Timestamptz(default=None, null=False, index=True)  # tokens issued before are refused
