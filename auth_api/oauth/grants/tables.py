"""The table of grants."""

from piccolo.columns import UUID, Boolean, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.raw_sql import RawSql
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow


class OAuthGrantRow(RawSql, Table, tablename="oauth_grants"):
    """One row per authorization that an application has redeemed.

    An offline grant ends at `expires_at`, an online one with its session; `ended_at` ends both.
    """

    id = UUID(primary_key=True, default=None, null=False)  # a UUIDv7 that the service generates
    client_id = ForeignKey(OAuthClientRow, on_delete=OnDelete.cascade, null=False, index=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, index=True)
    session_id = ForeignKey(SessionRow, on_delete=OnDelete.set_null, null=True, index=True)
    is_offline = Boolean(default=None, null=False)
    scopes = Text(default=None, null=False)  # separated by spaces
    resources = Text(default=None, null=False)  # identifiers, separated by spaces
    auth_time = Timestamptz(default=None, null=False)
    handle_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)  # of what its tokens share
    refresh_hash = Varchar(length=64, default=None, null=True, secret=True)  # of the refresh token that is valid
    previous_hash = Varchar(length=64, default=None, null=True, secret=True)
    salt = Varchar(length=32, default=None, null=True, secret=True)  # with the previous token, it derives the valid one
    spent_at = Timestamptz(default=None, null=True)  # the time at which the previous token was used
    created_at = Timestamptz(default=None, null=False)
    last_used_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False, index=True)  # of an online grant: its last use
    ended_at = Timestamptz(default=None, null=True)
    ended_reason = Varchar(length=50, default=None, null=True)
