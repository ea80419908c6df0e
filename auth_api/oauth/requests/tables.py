"""The table of requests of applications."""

from piccolo.columns import JSON, UUID, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.raw_sql import RawSql
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow


class OAuthRequestRow(RawSql, Table, tablename="oauth_requests"):
    """One row per request for authorization, of a device, or to sign out, until a day after it has expired."""

    id = UUID(primary_key=True, default=None, null=False)  # a UUIDv7 that the service generates
    kind = Varchar(length=10, default=None, null=False)  # a `RequestKind`
    client_id = ForeignKey(OAuthClientRow, on_delete=OnDelete.cascade, null=True, index=True)
    parameters = JSON(default=None, null=False)  # what the application asked for, after validation
    state = Varchar(length=10, default=None, null=False)  # a `RequestState`
    step = SmallInt(default=None, null=False)  # grows with each change, so that only one of two open pages counts
    public_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)  # of the value in addresses
    binding_hash = Varchar(length=64, default=None, null=True, secret=True)  # of the cookie that the browser has
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=True, index=True)  # who decides, or has decided
    session_id = ForeignKey(SessionRow, on_delete=OnDelete.cascade, null=True, index=True)
    grant_id = UUID(default=None, null=True)  # of the grant that came of it
    code_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)  # of an authorization code
    code_expires_at = Timestamptz(default=None, null=True)
    device_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)  # of a device code
    user_code_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)
    poll_interval = SmallInt(default=None, null=True)  # seconds between requests of the device
    polled_at = Timestamptz(default=None, null=True)
    ip_address = Varchar(length=45, default=None, null=True)
    user_agent = Text(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False, index=True)
