"""The table of resource servers."""

from piccolo.columns import JSON, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql


class OAuthResourceRow(RawSql, Table, tablename="oauth_resources"):
    """One row per API that accepts access tokens of this server (RFC 8707)."""

    id = NeverReusedBigSerial(primary_key=True)
    identifier = Varchar(length=512, unique=True, default=None, null=False)  # an absolute URI, the `aud` of its tokens
    name = Varchar(length=100, default=None, null=False)
    scopes = JSON(default=None, null=False)  # objects with `name` and `description`; each name belongs to one resource
    access_token_minutes = SmallInt(default=None, null=True)  # null: as the settings say
    created_at = Timestamptz(default=None, null=False)
    updated_at = Timestamptz(default=None, null=False)
