"""The table of invitations."""

from piccolo.columns import BigInt, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql


class InvitationRow(RawSql, Table, tablename="invitations"):
    """One row per invitation, indexed by address and by inviter."""

    id = NeverReusedBigSerial(primary_key=True)
    email = Varchar(length=254, default=None, null=False)  # in canonical form, whether or not an account has it
    roles = Text(default=None, null=False)  # sorted names, separated by spaces
    locale = Varchar(length=35, default=None, null=True)  # language of the mail; null: that of the inviter
    invited_by = Varchar(length=100, default=None, null=False)  # an actor of the security history
    token_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)  # null until the mail is sent
    mails = Integer(default=None, null=False)  # number of mails; only the link in the last one works
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False, index=True)
    accepted_at = Timestamptz(default=None, null=True)
    accepted_by = BigInt(default=None, null=True)  # id of a user, who may have been deleted
    revoked_at = Timestamptz(default=None, null=True)
