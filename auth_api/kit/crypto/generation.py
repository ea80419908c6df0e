"""Generation of secrets and keys."""

from secrets import token_urlsafe
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ALGORITHMS: Final = ("HS256", "EdDSA", "ES256", "RS256")

SECRET_BYTES: Final = 48
"""384 random bits: more than HS256 can use, and a length that base64 encodes without padding."""

RSA_BITS: Final = 3072
"""128 bits of security, as the other algorithms have (NIST SP 800-57 part 1 §5.6.1)."""


def new_secret() -> str:
    """Generate a shared secret."""
    return token_urlsafe(SECRET_BYTES)


def new_key(algorithm: str) -> str:
    """Generate a key for one of `ALGORITHMS`: a shared secret, or a private key in PEM form."""
    match algorithm:
        case "HS256":
            return new_secret()
        case "EdDSA":
            key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = Ed25519PrivateKey.generate()
        case "ES256":
            key = ec.generate_private_key(ec.SECP256R1())
        case "RS256":
            key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        case _:
            raise ValueError(algorithm)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_half(private_pem: str) -> str:
    """Return the public key that belongs to a private key. Both are in PEM form."""
    key = load_pem_private_key(private_pem.encode(), password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
