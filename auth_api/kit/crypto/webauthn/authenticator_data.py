"""Parse authenticator data (WebAuthn L3 §6.1)."""

import struct
from typing import Final, NamedTuple
from uuid import UUID

from auth_api.kit.crypto.webauthn import cbor

_FIXED: Final = struct.Struct(">32sBI")
_ATTESTED: Final = struct.Struct(">16sH")

USER_PRESENT: Final = 0x01
USER_VERIFIED: Final = 0x04
BACKUP_ELIGIBLE: Final = 0x08
BACKED_UP: Final = 0x10
HAS_CREDENTIAL: Final = 0x40
HAS_EXTENSIONS: Final = 0x80


class AttestedCredential(NamedTuple):
    """The credential that an authenticator has created. Its public key is in COSE form (RFC 9052)."""

    aaguid: UUID
    credential_id: bytes
    public_key: bytes


class AuthenticatorData(NamedTuple):
    """What an authenticator says about a ceremony, covered by its signature. Extensions are left out."""

    rp_id_hash: bytes
    flags: int
    sign_count: int
    credential: AttestedCredential | None

    def has(self, *flags: int) -> bool:
        """Return whether all of these flags are set."""
        return all(self.flags & flag for flag in flags)


def parse_authenticator_data(data: bytes) -> AuthenticatorData:
    """Return the parts of authenticator data.

    Raises:
        ValueError: truncated, malformed, or followed by other bytes.
    """
    if len(data) < _FIXED.size:
        message = "truncated"
        raise ValueError(message)
    rp_id_hash, flags, sign_count = _FIXED.unpack_from(data)
    credential, end = _attested_credential(data) if flags & HAS_CREDENTIAL else (None, _FIXED.size)
    if flags & HAS_EXTENSIONS:
        _, end = cbor.decode_next(data, end)
    if end != len(data):
        message = "bytes after the authenticator data"
        raise ValueError(message)
    return AuthenticatorData(rp_id_hash, flags, sign_count, credential)


def _attested_credential(data: bytes) -> tuple[AttestedCredential, int]:
    id_start = _FIXED.size + _ATTESTED.size
    if len(data) < id_start:
        message = "truncated"
        raise ValueError(message)
    aaguid, id_size = _ATTESTED.unpack_from(data, _FIXED.size)
    key_start = id_start + id_size
    _, key_end = cbor.decode_next(data, key_start)  # also rejects an id that is truncated
    return AttestedCredential(UUID(bytes=aaguid), data[id_start:key_start], data[key_start:key_end]), key_end
