"""The key ring that signs and verifies JSON Web Tokens (RFC 7515, RFC 7519, RFC 8725)."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jwt
import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt.algorithms import HMACAlgorithm, get_default_algorithms
from jwt.utils import force_bytes

from auth_api.kit import base64url

MIN_SECRET_BYTES: Final = 32
"""An HS256 key is at least as long as its hash (RFC 7518 §3.2)."""

MIN_RSA_BITS: Final = 2048
"""RFC 7518 §3.3."""

MAX_JWT_LENGTH: Final = 8192

# PyJWT accepts padding and line breaks. A second spelling of a token would only serve an attacker.
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


class KeyRejectedError(ValueError):
    """The key material cannot be used. The message gives the reason and contains no key material."""


class SignatureRejectedError(Exception):
    """No key of the ring signed the token."""


class SigningKey:
    """A key with its only algorithm, which is never taken from a token (RFC 8725 §3.1)."""

    def __init__(self, *, algorithm: str, verifying: bytes | PublicKey, signing: bytes | PrivateKey | None) -> None:
        self.algorithm = algorithm
        self.verifying = verifying
        self.signing = signing
        self.kid = _key_id(algorithm, verifying)

    @classmethod
    def from_secret(cls, secret: str) -> "SigningKey":
        """Create an HS256 key from a shared secret.

        Raises:
            KeyRejectedError: the secret is shorter than 32 bytes, or is a key of another kind.
        """
        key = secret.encode()
        if len(key) < MIN_SECRET_BYTES:
            message = f"is shorter than {MIN_SECRET_BYTES} bytes"
            raise KeyRejectedError(message)
        try:
            get_default_algorithms()["HS256"].prepare_key(key)
        except jwt.InvalidKeyError as error:
            message = "is a key or certificate of another kind, not a shared secret"
            raise KeyRejectedError(message) from error
        return cls(algorithm="HS256", verifying=key, signing=key)

    @classmethod
    def from_pem(cls, pem: str) -> "SigningKey":
        """Create an EdDSA (Ed25519), ES256 (P-256) or RS256 key from a PEM block. A public key can only verify.

        Raises:
            KeyRejectedError: the text is not the PEM form of such a key, or the RSA key has fewer than 2048 bits.
        """
        try:
            if "PRIVATE KEY" in pem:
                # The check of an RSA key takes half a second; a signature that it can verify shows the same.
                signing = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
                verifying = signing.public_key()
                _check_pair(signing, verifying)
            else:
                signing, verifying = None, load_pem_public_key(pem.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
            message = "is not an unencrypted key in PEM form"
            raise KeyRejectedError(message) from error
        # The type of `verifying` decides for both: a private key has a public key of the same type.
        return cls(algorithm=_algorithm_of(verifying), verifying=verifying, signing=signing)  # type: ignore[arg-type]

    @property
    def bits(self) -> int:
        """The size of the key in bits: the length of a secret or RSA modulus, or 256 for both curves."""
        if isinstance(self.verifying, bytes):
            return 8 * len(self.verifying)
        return self.verifying.key_size if isinstance(self.verifying, RSAPublicKey) else 256

    @property
    def public_jwk(self) -> dict[str, str] | None:
        """The public key as a JWK (RFC 7517), or None for a shared secret."""
        if isinstance(self.verifying, bytes):
            return None
        return {**_jwk(self.algorithm, self.verifying), "kid": self.kid, "alg": self.algorithm, "use": "sig"}


class _CheckedSecrets(HMACAlgorithm):
    """HMAC without the library's check that a secret is not a PEM, DER, SSH or JWK key.

    `SigningKey.from_secret` has made this check once. The library repeats it for every signature, by trying to parse
    the secret in each of these formats.
    """

    def prepare_key(self, key: str | bytes) -> bytes:
        """Return the key unchanged."""
        return force_bytes(key)


class KeyRing:
    """The key that signs, and the keys that only verify: previous ones, and the one that will sign next."""

    def __init__(self, current: SigningKey, others: Sequence[SigningKey] = ()) -> None:
        if current.signing is None:
            message = "is a public key and cannot sign"
            raise KeyRejectedError(message)
        self._current = current
        self._by_kid = {key.kid: key for key in others if key.kid != current.kid} | {current.kid: current}
        self._jws = jwt.PyJWS()
        self._jws.unregister_algorithm("HS256")
        self._jws.register_algorithm("HS256", _CheckedSecrets(HMACAlgorithm.SHA256))

    @property
    def current(self) -> SigningKey:
        """The key that signs."""
        return self._current

    @property
    def others(self) -> list[SigningKey]:
        """The keys that only verify."""
        return [key for key in self._by_kid.values() if key is not self._current]

    def sign(self, claims: Mapping[str, Any], *, token_type: str) -> str:
        """Return the compact JWS over the claims, with `kid` and `typ` in its header."""
        key = self._current
        return self._jws.encode(
            msgspec.json.encode(claims),
            key.signing,  # type: ignore[arg-type]
            algorithm=key.algorithm,
            headers={"kid": key.kid, "typ": token_type},
        )

    def verify(self, token: str, *, token_type: str) -> bytes:
        """Return the payload of a token of this type that a key of the ring signed. Claims are not checked.

        `jku`, `jwk`, `x5u` and `x5c` are never read (RFC 8725 §3.10); `crit` extensions are rejected.

        Raises:
            SignatureRejectedError: the token has another form, type, key or signature.
        """
        try:
            if len(token) > MAX_JWT_LENGTH or _COMPACT.fullmatch(token) is None:
                raise SignatureRejectedError
            header = self._jws.get_unverified_header(token)
            if header.get("typ") != token_type or "crit" in header or "b64" in header:
                raise SignatureRejectedError
            key = self._by_kid[header["kid"]]
            decoded = self._jws.decode_complete(token, key.verifying, algorithms=[key.algorithm])
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise SignatureRejectedError from error
        payload: bytes = decoded["payload"]
        return payload

    def public_jwks(self) -> list[dict[str, str]]:
        """Return the public keys as JWKs (RFC 7517 §5), the signing key last. Shared secrets are left out."""
        return [jwk for key in self._by_kid.values() if (jwk := key.public_jwk) is not None]


def _algorithm_of(key: object) -> str:
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    if isinstance(key, RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            message = f"is an RSA key of fewer than {MIN_RSA_BITS} bits"
            raise KeyRejectedError(message)
        return "RS256"
    message = "is neither an Ed25519, a P-256 nor an RSA key"
    raise KeyRejectedError(message)


def _check_pair(signing: object, verifying: object) -> None:
    """Raise an InvalidSignature or a ValueError if an RSA key is damaged."""
    if isinstance(signing, RSAPrivateKey) and isinstance(verifying, RSAPublicKey):
        signature = signing.sign(b"", PKCS1v15(), SHA256())
        verifying.verify(signature, b"", PKCS1v15(), SHA256())


def _jwk(algorithm: str, key: PublicKey) -> dict[str, str]:
    """Return the required members (RFC 7638 §3.2, RFC 8037 §2), over which the thumbprint is computed."""
    members = get_default_algorithms()[algorithm].to_jwk(key, as_dict=True)
    return {name: members[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in members}


def _key_id(algorithm: str, key: bytes | PublicKey) -> str:
    if isinstance(key, bytes):
        # Keyed, so that the id reveals no more about the secret than a signature does.
        return base64url.encode(hmac.digest(key, b"auth_api kid", "sha256"))[:16]
    return base64url.encode(hashlib.sha256(msgspec.json.encode(_jwk(algorithm, key), order="sorted")).digest())
