"""The table of applications."""

from piccolo.columns import Boolean, Text, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql


class OAuthClientRow(RawSql, Table, tablename="oauth_clients"):
    """One row per application, an OAuth client (RFC 6749 §2). Lists are texts separated by spaces."""

    id = NeverReusedBigSerial(primary_key=True)
    client_id = Varchar(length=64, unique=True, default=None, null=False)
    name = Varchar(length=100, default=None, null=False)
    kind = Varchar(length=10, default=None, null=False)  # a `ClientKind`
    uri = Varchar(length=512, default=None, null=True)  # the home page of the application
    redirect_uris = Text(default=None, null=False)
    post_logout_redirect_uris = Text(default=None, null=False)
    grant_types = Text(default=None, null=False)
    scopes = Text(default=None, null=False)
    introspects = Text(default=None, null=False)  # the audiences whose tokens it may introspect
    required_role = Varchar(length=50, default=None, null=True)  # the name of a role; null: every account
    first_party = Boolean(default=None, null=False)  # whether it works without the consent of users
    require_pkce = Boolean(default=None, null=False)
    is_active = Boolean(default=None, null=False)
    secret_hash = Varchar(length=64, default=None, null=True, secret=True)
    secret_hint = Varchar(length=4, default=None, null=True)  # the last characters of the secret
    secret_created_at = Timestamptz(default=None, null=True)
    previous_secret_hash = Varchar(length=64, default=None, null=True, secret=True)
    previous_secret_hint = Varchar(length=4, default=None, null=True)
    previous_secret_created_at = Timestamptz(default=None, null=True)
    previous_secret_expires_at = Timestamptz(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
    updated_at = Timestamptz(default=None, null=False)
    last_used_at = Timestamptz(default=None, null=True)  # set at most once an hour
