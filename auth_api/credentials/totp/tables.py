"""The tables of authenticator apps."""

from piccolo.columns import BigInt, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class TotpFactorRow(RawSql, Table, tablename="totp_factors"):
    """The authenticator app of a user. Replacing the app changes the row."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, unique=True)
    sealed = Varchar(length=255, default=None, null=False, secret=True)  # the encrypted seed
    last_step = BigInt(default=None, null=False)  # the latest time step whose code was used
    confirmed_at = Timestamptz(default=None, null=False)
    last_used_at = Timestamptz(default=None, null=True)  # null until the first use after the confirmation


class TotpCandidateRow(RawSql, Table, tablename="totp_candidates"):
    """The app that a user is adding, until a code of it confirms it."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, unique=True)
    sealed = Varchar(length=255, default=None, null=False, secret=True)  # the encrypted seed, and who is adding it
    expires_at = Timestamptz(default=None, null=False, index=True)
