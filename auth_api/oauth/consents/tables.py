"""The table of consents."""

from piccolo.columns import UUID, Boolean, ForeignKey, OnDelete, Text, Timestamptz
from piccolo.table import Table

from auth_api.kit.db.raw_sql import RawSql
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.users.tables import UserRow


class OAuthConsentRow(RawSql, Table, tablename="oauth_consents"):
    """One row per user and application, until the user withdraws the consent."""

    id = UUID(primary_key=True, default=None, null=False)  # a UUIDv7 that the service generates
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False)
    client_id = ForeignKey(OAuthClientRow, on_delete=OnDelete.cascade, null=False, index=True)
    scopes = Text(default=None, null=False)  # separated by spaces
    offline = Boolean(default=None, null=False)  # whether it includes access while the user is not signed in
    granted_at = Timestamptz(default=None, null=False)
