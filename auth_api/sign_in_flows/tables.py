"""The table of sign-ins that lead through another site."""

from piccolo.columns import JSON, UUID, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class SignInFlowRow(RawSql, Table, tablename="sign_in_flows"):
    """One row per sign-in that leads to a provider, or back to an application. Useless once it has expired."""

    id = NeverReusedBigSerial(primary_key=True)
    stage = Varchar(length=10, default=None, null=False)  # a `FlowStage`
    purpose = Varchar(length=10, default=None, null=False)  # a `FlowPurpose`
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False, index=True)
    provider = Varchar(length=30, default=None, null=True)  # null if the user signed in on the pages
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=True, index=True)
    session_id = UUID(default=None, null=True)  # of the user who began to link, or who signed in on the pages
    state_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)
    browser_hash = Varchar(length=64, default=None, null=True, secret=True)  # of the cookie that the browser has
    code_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)  # of what the application gets
    secret_hash = Varchar(length=64, unique=True, default=None, null=True, secret=True)  # of a sign-up or link token
    challenge = Varchar(length=43, default=None, null=True)  # the application's code challenge (RFC 7636 §4.2)
    return_to = Varchar(length=500, default=None, null=True)  # the address of the application
    continue_path = Varchar(length=2048, default=None, null=True)  # the page that the sign-in leads to
    key_id = Varchar(length=16, default=None, null=True)  # of the key that derives the other secrets
    error_code = Varchar(length=50, default=None, null=True)  # why it failed
    evidence = JSON(default=None, null=True)  # what was proved
