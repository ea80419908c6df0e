"""Passkeys as services pass them on."""

from datetime import datetime

import msgspec

from auth_api.kit.crypto.webauthn.credentials import StoredCredential
from auth_api.kit.crypto.webauthn.options import PasskeyDescriptor
from auth_api.sessions.assurance import Method


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey of a user.

    Attributes:
        id: its number.
        user_id: the user.
        user_handle: how authenticators know the account.
        name: chosen by the user, or a name of the device.
        credential_id: how authenticators and browsers know the passkey.
        public_key: in COSE form.
        sign_count: the last value of its counter; 0 if the authenticator does not count.
        backup_eligible: whether it may be synchronized between devices. This never changes.
        backed_up: whether it is synchronized at present.
        transports: the ways in which browsers reach the authenticator, with commas.
        rp_id: the domain that it belongs to.
        created_at: the time of the registration.
        last_used_at: the time of the last use; None until the first one after the registration.
    """

    id: int
    user_id: int
    user_handle: str
    name: str
    credential_id: str
    public_key: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: str
    rp_id: str
    created_at: datetime
    last_used_at: datetime | None

    @property
    def method(self) -> Method:
        """The method that a use of it proves."""
        return passkey_method(backup_eligible=self.backup_eligible)

    @property
    def descriptor(self) -> PasskeyDescriptor:
        """How browsers find it."""
        return PasskeyDescriptor(id=self.credential_id, transports=tuple(filter(None, self.transports.split(","))))

    @property
    def stored(self) -> StoredCredential:
        """What an assertion is verified against."""
        return StoredCredential(
            public_key=self.public_key,
            sign_count=self.sign_count,
            backup_eligible=self.backup_eligible,
            user_handle=self.user_handle,
        )


def passkey_method(*, backup_eligible: bool) -> Method:
    """Return the method that a passkey proves: `hwk` if it cannot leave its device, otherwise `swk` (RFC 8176)."""
    return Method.SYNCED_PASSKEY if backup_eligible else Method.DEVICE_BOUND_PASSKEY
