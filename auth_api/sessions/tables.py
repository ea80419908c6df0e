"""Sessions, their refresh tokens, and those of browsers."""

from piccolo.columns import UUID, BigInt, Boolean, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class SessionRow(RawSql, Table, tablename="sessions"):
    """One row per login. A session ends at `expires_at`, or once `ended_at` is set, which revokes all its tokens."""

    id = UUID(primary_key=True, default=None, null=False)  # a UUIDv7 that the service generates
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, index=True)
    created_at = Timestamptz(default=None, null=False)
    last_used_at = Timestamptz(default=None, null=False)  # set by each refresh, for a browser every 5 minutes
    expires_at = Timestamptz(default=None, null=False, index=True)
    absolute_expires_at = Timestamptz(default=None, null=False)  # the limit of `expires_at`
    ended_at = Timestamptz(default=None, null=True)
    ended_reason = Varchar(length=50, default=None, null=True)
    ip_address = Varchar(length=45, default=None, null=True)
    network = Varchar(length=50, default=None, null=True)  # of the IP address, as `kit.networks` defines it
    user_agent = Text(default=None, null=True)
    amr = Varchar(length=100, default=None, null=False)  # RFC 8176 values, separated by spaces
    auth_time = Timestamptz(default=None, null=False)
    mfa_at = Timestamptz(default=None, null=True)  # the last proof by a second factor
    transport = Varchar(length=8, default=None, null=True)  # `cookie`: the refresh token is only sent as a cookie
    identity_id = BigInt(default=None, null=True)  # the identity that opened it, which may have been removed


class RefreshTokenRow(RawSql, Table, tablename="refresh_tokens"):
    """One row per issued refresh token. Used ones stay until a day after they expire, to recognise a replay."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, index=True)
    session_id = ForeignKey(SessionRow, on_delete=OnDelete.cascade, null=False, index=True)
    token_hash = Varchar(length=255, unique=True, default=None, null=False, secret=True)
    expires_at = Timestamptz(default=None, null=False, index=True)
    is_revoked = Boolean(default=False)
    used_at = Timestamptz(default=None, null=True)  # set once, when the successor is issued
    successor_hash = Varchar(length=255, default=None, null=True, secret=True)
    successor_salt = Varchar(
        length=32, default=None, null=True, secret=True
    )  # with the token, it derives the successor
    created_at = Timestamptz(default=None, null=False)


class BrowserSessionRow(RawSql, Table, tablename="browser_sessions"):
    """One row per session of a browser that is signed in to the pages. Such a session has no refresh tokens."""

    session_id = ForeignKey(SessionRow, on_delete=OnDelete.cascade, primary_key=True, default=None, null=False)
    token_hash = Varchar(length=64, unique=True, default=None, null=False, secret=True)  # of the cookie's value
    keep = Boolean(default=None, null=False)  # whether the user asked to stay signed in
