"""Opaque tokens: random values for the client, of which the database stores a digest."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth_api.kit import base64url

DERIVED_KEY_BYTES: Final = 32

SALT_BYTES = 16


class SecretKind(NamedTuple):
    """A kind of secret that auth_api generates.

    Attributes:
        prefix: its public beginning, by which the log and secret scanners recognise it.
        random_bytes: number of random bytes after the prefix (ASVS 5.0 V7.2.3 requires 16).
        purpose: what the secret is used for.
    """

    prefix: str
    random_bytes: int
    purpose: str


REFRESH_TOKEN: Final = SecretKind("rt_", 32, "renews a session")
ONE_TIME_TOKEN: Final = SecretKind("ot_", 32, "is mailed in a link")
INVITATION_TOKEN: Final = SecretKind("inv_", 32, "accepts an invitation")

DATA_KEY: Final = SecretKind("dk_", 32, "encrypts stored values")

MFA_TOKEN: Final = SecretKind("mfa_", 32, "continues a login with a second factor")

BROWSER_SESSION: Final = SecretKind("bs_", 32, "keeps a browser signed in, as a cookie")

UPSTREAM_STATE: Final = SecretKind("us_", 32, "leads a browser back from a provider")
BROWSER_ID: Final = SecretKind("bb_", 32, "binds a sign-in to a browser, as a cookie")
HAND_OFF_CODE: Final = SecretKind("fc_", 32, "hands a sign-in over to an application")
SIGN_UP_TOKEN: Final = SecretKind("fs_", 32, "creates the account of a sign-in by a provider")
LINK_TOKEN: Final = SecretKind("fl_", 32, "links an account to one at a provider")

OAUTH_REQUEST: Final = SecretKind("ar_", 32, "names the request of an application in a browser")
AUTHORIZATION_CODE: Final = SecretKind("oc_", 32, "gives an application access to an account")
OAUTH_REFRESH_TOKEN: Final = SecretKind("ort_", 48, "renews the access of an application")
DEVICE_CODE: Final = SecretKind("dc_", 32, "gives a device access to an account")
CLIENT_SECRET: Final = SecretKind("cs_", 32, "identifies an application")

PERSONAL_API_KEY: Final = SecretKind("auth_pat_", 32, "identifies a program that acts for a user")
SERVICE_API_KEY: Final = SecretKind("auth_svc_", 32, "identifies a service account")

SECRET_KINDS: Final = (
    REFRESH_TOKEN,
    BROWSER_SESSION,
    ONE_TIME_TOKEN,
    INVITATION_TOKEN,
    MFA_TOKEN,
    UPSTREAM_STATE,
    BROWSER_ID,
    HAND_OFF_CODE,
    SIGN_UP_TOKEN,
    LINK_TOKEN,
    OAUTH_REQUEST,
    AUTHORIZATION_CODE,
    OAUTH_REFRESH_TOKEN,
    DEVICE_CODE,
    CLIENT_SECRET,
    DATA_KEY,
    PERSONAL_API_KEY,
    SERVICE_API_KEY,
)
"""All kinds. The log redacts each of them, so a secret with a prefix of its own must be listed here."""


class OpaqueToken(NamedTuple):
    """A secret that is sent to the client once, and the digest that the database stores."""

    raw: str
    digest: str


def digest(raw: str) -> str:
    """Return the digest by which a token is found. SHA-256 suffices for a random token (ASVS 5.0 V6.5.2)."""
    return hashlib.sha256(raw.encode()).hexdigest()


def new_token(kind: SecretKind) -> OpaqueToken:
    """Generate a token of this kind."""
    return _token(kind.prefix, secrets.token_bytes(kind.random_bytes))


def new_salt() -> str:
    """Generate the salt of one derived token, in hexadecimal form."""
    return secrets.token_hex(SALT_BYTES)


class SuccessorDerivation:
    """Derives the successor of a token, so that a retried rotation yields the same one without storing it.

    successor = HMAC-SHA256(K, token ‖ salt), K = HKDF-SHA256(secret). The salt is in the database, and K is not: an
    attacker needs token, salt and K to compute the chain.
    """

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        self._keys = [derive_key(secret, b"auth_api refresh v1") for secret in secrets_newest_first]

    def successor(self, raw: str, salt: str) -> OpaqueToken:
        """Return the successor of a new rotation, derived with the newest secret."""
        return next(self.candidates(raw, salt))

    def candidates(self, raw: str, salt: str) -> Iterator[OpaqueToken]:
        """Yield the successor that each secret derives, newest secret first."""
        prefix = raw[: raw.index("_") + 1]
        for key in self._keys:
            yield _token(prefix, hmac.digest(key, raw.encode() + bytes.fromhex(salt), "sha256"))


class MailTokenDerivation:
    """Derives the token of a mail, so that all attempts to send the mail contain the same one without storing it.

    token = HMAC-SHA256(K, number ‖ salt ‖ purpose), K = HKDF-SHA256(secret). The database has all of it except K.
    """

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        self._keys = [derive_key(secret, b"auth_api mail v1") for secret in secrets_newest_first]

    def candidates(
        self, *, number: int, salt: str, purpose: str, kind: SecretKind = ONE_TIME_TOKEN
    ) -> list[OpaqueToken]:
        """Return the token that each secret derives, newest secret first.

        Args:
            number: of the mail.
            salt: of the mail, in hexadecimal form.
            purpose: of the token.
            kind: gives the token its prefix.
        """
        derived_from = number.to_bytes(8) + bytes.fromhex(salt) + purpose.encode()
        return [_token(kind.prefix, hmac.digest(key, derived_from, "sha256")) for key in self._keys]


def _token(prefix: str, secret: bytes) -> OpaqueToken:
    raw = prefix + base64url.encode(secret)
    return OpaqueToken(raw, digest(raw))


def derive_key(secret: bytes, info: bytes) -> bytes:
    """Derive a key of 32 bytes from a secret (HKDF-SHA256, RFC 5869).

    Args:
        secret: what to derive from.
        info: the use of the key; another use yields an unrelated key.
    """
    return HKDF(algorithm=SHA256(), length=DERIVED_KEY_BYTES, salt=None, info=info).derive(secret)
