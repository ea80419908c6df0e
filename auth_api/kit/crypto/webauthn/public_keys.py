"""Public keys of passkeys, in COSE form (RFC 9052 §7, RFC 9053, RFC 8230)."""

from enum import IntEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from auth_api.kit.crypto.webauthn import cbor


class Algorithm(IntEnum):
    """The accepted algorithms, by their COSE numbers, in the order in which authenticators should prefer them.

    WebAuthn L3 §5.4 recommends these three.
    """

    EDDSA = -8
    ES256 = -7
    RS256 = -257


P256_COORDINATE_BYTES: Final = 32

MIN_RSA_BITS: Final = 2048
"""NIST SP 800-131A Rev. 2 §3."""

MAX_RSA_BITS: Final = 4096
"""Authenticators create 2048 bits. The time of a verification grows with the square of the size."""

MIN_RSA_EXPONENT: Final = 65537
"""FIPS 186-5 §5.4."""

MAX_RSA_EXPONENT_BYTES: Final = 8
"""OpenSSL verifies no signature of a large key with a longer one. Authenticators use 65537."""


def algorithm_of(public_key: bytes) -> Algorithm:
    """Return the algorithm of a public key that can be used, and has no other members than the necessary ones.

    Raises:
        ValueError: malformed, not a valid key, too weak, or of another type than its algorithm needs.
    """
    match cbor.decode(public_key):
        case {1: 1, 3: Algorithm.EDDSA, -1: 6, -2: bytes() as x, **others} if not others:
            Ed25519PublicKey.from_public_bytes(x)
            return Algorithm.EDDSA
        case {1: 2, 3: Algorithm.ES256, -1: 1, -2: bytes() as x, -3: bytes() as y, **others} if not others:
            _check_p256(x, y)
            return Algorithm.ES256
        case {1: 3, 3: Algorithm.RS256, -1: bytes() as n, -2: bytes() as e, **others} if not others:
            _check_rsa(n, e)
            return Algorithm.RS256
    message = "unknown algorithm, or another type of key"
    raise ValueError(message)


def _check_p256(x: bytes, y: bytes) -> None:
    if not len(x) == len(y) == P256_COORDINATE_BYTES:
        message = "coordinates of a wrong size"
        raise ValueError(message)
    EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key()


def _check_rsa(modulus: bytes, exponent: bytes) -> None:
    if modulus[:1] == b"\x00" or exponent[:1] == b"\x00":
        message = "more bytes than necessary"  # RFC 8230 §4 forbids them, and they would be stored
        raise ValueError(message)
    n, e = int.from_bytes(modulus), int.from_bytes(exponent)
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS or e < MIN_RSA_EXPONENT:
        message = "a weak or oversized RSA key"
        raise ValueError(message)
    if len(exponent) > MAX_RSA_EXPONENT_BYTES:
        message = "an oversized exponent"
        raise ValueError(message)
    RSAPublicNumbers(e, n).public_key()
