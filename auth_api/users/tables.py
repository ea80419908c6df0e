"""The table of users."""

from piccolo.columns import JSON, UUID, Boolean, Integer, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql


class UserRow(RawSql, Table, tablename="users"):
    """One row per user. Username and e-mail address are stored in their canonical form."""

    id = NeverReusedBigSerial(primary_key=True)
    username = Varchar(length=50, unique=True, default=None, null=False)  # lower case
    email = Varchar(length=254, unique=True, default=None, null=False)  # lower case, domain in ASCII
    hashed_password = Varchar(length=255, default=None, null=False, secret=True)  # `!` matches no password
    is_active = Boolean(default=True)  # set by operators; false revokes all sessions
    email_verified_at = Timestamptz(default=None, null=True)  # null until the owner used a mailed link
    locale = Varchar(length=35, default=None, null=True)  # language tags (BCP 47), most preferred first, with commas
    created_at = Timestamptz(default=None, null=False)
    updated_at = Timestamptz(default=None, null=False)
    last_login = Timestamptz(default=None, null=True)
    two_step_since = Timestamptz(default=None, null=True)  # null: no second factor is required at login
    subject = UUID(default=None, null=True)  # a random UUID for other applications; the database assigns it
    metadata = JSON(default=None, null=True)  # an object of at most 4 KiB about the user, in compact form
    display_name = Varchar(length=100, default=None, null=True)  # chosen by the user, in Unicode's form NFC
    second_factor_failures = Integer(default=None, null=True)  # consecutive wrong codes; null: none
    webauthn_handle = Varchar(length=43, default=None, null=True)  # unique; null until the first passkey is added
