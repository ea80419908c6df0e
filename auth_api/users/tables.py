"""The account."""

from piccolo.columns import Boolean, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql


class UserRow(RawSql, Table, tablename="users"):
    """One row per account. Username and address are stored in their one canonical form."""

    id = NeverReusedBigSerial(primary_key=True)
    username = Varchar(length=50, unique=True, default=None, null=False)  # lower case
    email = Varchar(length=254, unique=True, default=None, null=False)  # lower case, its host in ASCII
    hashed_password = Varchar(length=255, default=None, null=False, secret=True)  # `!` matches no password
    is_active = Boolean(default=True)  # set by operators; false ends every session
    email_verified_at = Timestamptz(default=None, null=True)  # set by who has shown to own the mailbox
    locale = Varchar(length=35, default=None, null=True)  # a language tag: BCP 47 needs no more
    created_at = Timestamptz(default=None, null=False)
    updated_at = Timestamptz(default=None, null=False)
    last_login = Timestamptz(default=None, null=True)
