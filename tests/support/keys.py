"""Signing keys, generated once per process because RSA keys are slow to generate."""

from functools import cache
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

from auth_api.kit.crypto.signing import PrivateKey

ALGORITHMS: Final = ("HS256", "EdDSA", "ES256", "RS256")


@cache
def private_pem(algorithm: str) -> str:
    """Return the private key of this process for an asymmetric algorithm, in PEM form."""
    key = _generate(algorithm)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(algorithm: str) -> str:
    """Return the public key of this process for an asymmetric algorithm, in PEM form."""
    return public_bytes(algorithm, Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_bytes(algorithm: str, encoding: Encoding, form: PublicFormat) -> bytes:
    """Return the public key of this process for an asymmetric algorithm, in any encoding."""
    key = load_pem_private_key(private_pem(algorithm).encode(), password=None)
    return key.public_key().public_bytes(encoding, form)


def _generate(algorithm: str) -> PrivateKey:
    match algorithm:
        case "EdDSA":
            return Ed25519PrivateKey.generate()
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "RS256":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raise ValueError(algorithm)
