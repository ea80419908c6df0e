"""The table of identities."""

from piccolo.columns import Boolean, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class UserIdentityRow(RawSql, Table, tablename="user_identities"):
    """One row per account at a provider that is linked to a user; unique by issuer and subject."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, index=True)
    provider = Varchar(length=30, default=None, null=False)  # its id in `PROVIDERS`
    issuer = Varchar(length=255, default=None, null=False)
    subject = Varchar(length=255, default=None, null=False)  # never changes, unlike names and addresses
    email = Varchar(length=254, default=None, null=True)  # as the provider stated it last, for display
    email_verified = Boolean(default=None, null=False)  # whether the provider has proved that address
    linked_at = Timestamptz(default=None, null=False)
    last_used_at = Timestamptz(default=None, null=False)
