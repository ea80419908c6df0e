"""Opaque tokens: random for the client, a digest for the database."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TOKEN_BYTES = 32
"""256 bits of randomness (ASVS 5.0 V7.2.3 asks for 128)."""

SALT_BYTES = 16


class OpaqueToken(NamedTuple):
    """A secret that leaves the process once, and what the database keeps of it."""

    raw: str
    digest: str


def digest(raw: str) -> str:
    """Hash a token of full entropy for look-up: plain SHA-256 suffices there (ASVS 5.0 V6.5.2)."""
    return hashlib.sha256(raw.encode()).hexdigest()


def new_token(prefix: str) -> OpaqueToken:
    """Draw a token. The prefix makes a leaked one easy to find by secret scanners."""
    return _token(prefix, secrets.token_bytes(TOKEN_BYTES))


def new_salt() -> str:
    """Draw the salt of one rotation, in hex."""
    return secrets.token_hex(SALT_BYTES)


class SuccessorDerivation:
    """Derives the token that follows another, so that a retried rotation yields the same one and none need be stored.

    successor = HMAC-SHA256(K, token ‖ salt), K = HKDF-SHA256(secret). The salt lies in the database and K outside of
    it: who has one of the three, or two, cannot compute the chain.
    """

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        self._keys = [_derivation_key(secret) for secret in secrets_newest_first]

    def successor(self, raw: str, salt: str) -> OpaqueToken:
        """The successor that a new rotation hands out."""
        return next(self.candidates(raw, salt))

    def candidates(self, raw: str, salt: str) -> Iterator[OpaqueToken]:
        """What each key of the ring would have handed out, newest key first."""
        prefix = raw[: raw.index("_") + 1]
        for key in self._keys:
            yield _token(prefix, hmac.digest(key, raw.encode() + bytes.fromhex(salt), "sha256"))


def _token(prefix: str, secret: bytes) -> OpaqueToken:
    raw = prefix + base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return OpaqueToken(raw, digest(raw))


def _derivation_key(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=TOKEN_BYTES, salt=None, info=b"auth_api refresh v1").derive(secret)
