"""The table of passkeys."""

from piccolo.columns import BigInt, Boolean, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from auth_api.kit.db.columns import NeverReusedBigSerial
from auth_api.kit.db.raw_sql import RawSql
from auth_api.users.tables import UserRow


class PasskeyRow(RawSql, Table, tablename="passkeys"):
    """One row per passkey: a WebAuthn credential with its public key."""

    id = NeverReusedBigSerial(primary_key=True)
    user_id = ForeignKey(UserRow, on_delete=OnDelete.cascade, null=False, index=True)
    name = Varchar(length=60, default=None, null=False)  # for the list of the user's passkeys
    credential_digest = Varchar(length=64, unique=True, default=None, null=False)  # of the credential id
    credential_id = Varchar(length=1364, default=None, null=False)  # at most 1,023 bytes, in base64url
    public_key = Varchar(length=1500, default=None, null=False)  # a COSE key, in base64url
    algorithm = Integer(default=None, null=False)  # the number of the signature algorithm (COSE)
    sign_count = BigInt(default=None, null=False)  # uses that the authenticator has counted; 0 if it does not count
    backup_eligible = Boolean(default=None, null=False)  # whether it may be synchronized between devices
    backed_up = Boolean(default=None, null=False)  # whether it is
    transports = Varchar(length=100, default=None, null=False)  # how the browser reaches it, with commas
    aaguid = Varchar(length=36, default=None, null=False)  # the model of the authenticator; often zeros
    rp_id = Varchar(length=253, default=None, null=False)  # the domain that it works on
    created_at = Timestamptz(default=None, null=False)
    last_used_at = Timestamptz(default=None, null=True)  # null until the first use after the registration
