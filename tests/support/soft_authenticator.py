"""An authenticator in software, with the browser around it: everything it sends can be changed.

`create` and `get` behave like a good authenticator. The other methods make the parts of their answers.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from auth_api.kit import base64url
from tests.support import cbor

EDDSA: Final = -8
ES256: Final = -7
RS256: Final = -257

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
"""Flags: user present and verified, backup eligible and backed up, attested credential and extensions follow."""

DEVICE_BOUND: Final = UP | UV
SYNCED: Final = UP | UV | BE | BS

ABSENT: Final = object()
"""In place of a member of the client data: leave it out."""

Key = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key of this size, generated once per process because that is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def generate_key(algorithm: int) -> Key:
    """Return a new key for a COSE algorithm."""
    if algorithm == EDDSA:
        return Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == ES256 else rsa_key(2048)


def cose_key(key: Key) -> dict[int, Any]:
    """Return the public key in COSE form."""
    if isinstance(key, Ed25519PrivateKey):
        return {1: 1, 3: EDDSA, -1: 6, -2: key.public_key().public_bytes_raw()}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
    numbers = key.public_key().public_numbers()
    return {1: 3, 3: RS256, -1: numbers.n.to_bytes(key.key_size // 8), -2: numbers.e.to_bytes(3)}


def sign(key: Key, data: bytes) -> bytes:
    """Sign some bytes."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(SHA256()))
    return key.sign(data, padding.PKCS1v15(), SHA256())


class SoftAuthenticator:
    """An authenticator with one passkey.

    Args:
        origin: of the page that calls the browser.
        rp_id: the domain that the passkey belongs to.
        algorithm: of the key.
        flags: `DEVICE_BOUND` or `SYNCED`, or any others.
    """

    def __init__(self, *, origin: str, rp_id: str, algorithm: int = ES256, flags: int = DEVICE_BOUND) -> None:
        self.origin = origin
        self.rp_id = rp_id
        self.flags = flags
        self.key = generate_key(algorithm)
        self.credential_id = secrets.token_bytes(32)
        self.aaguid = bytes(16)
        self.user_handle: str | None = None
        self.sign_count = 0

    def create(self, options: Mapping[str, Any], /, **client_data: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.create`.

        Args:
            options: `public_key` of the server's response.
            client_data: members to add to the client data, or to replace.
        """
        self.user_handle = options["user"]["id"]
        signed = self.client_data("webauthn.create", options["challenge"], **client_data)
        return self.created(signed, self.authenticator_data(self.attested_credential()))

    def get(self, options: Mapping[str, Any], /, **client_data: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.get`. The counter of a passkey that is bound to a device increases.

        Args:
            options: `public_key` of the server's response.
            client_data: members to add to the client data, or to replace.
        """
        if not self.flags & BE:
            self.sign_count += 1
        return self.used(self.client_data("webauthn.get", options["challenge"], **client_data))

    def client_data(self, ceremony: str, challenge: str, /, **members: Any) -> bytes:
        """Return client data; a member that is `ABSENT` is left out."""
        document = {"type": ceremony, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **members}
        return json.dumps({name: value for name, value in document.items() if value is not ABSENT}).encode()

    def attested_credential(self, public_key: dict[int, Any] | bytes | None = None) -> bytes:
        """Return the part of the authenticator data that describes the new passkey.

        Args:
            public_key: in place of the real one: in COSE form, or any bytes.
        """
        public_key = cose_key(self.key) if public_key is None else public_key
        encoded = public_key if isinstance(public_key, bytes) else cbor.encode(public_key)
        return self.aaguid + len(self.credential_id).to_bytes(2) + self.credential_id + encoded

    def authenticator_data(self, attested: bytes = b"", extensions: bytes = b"", *, flags: int | None = None) -> bytes:
        """Return authenticator data.

        Args:
            attested: the part that describes a new passkey.
            extensions: the last part, CBOR.
            flags: in place of the right ones.
        """
        if flags is None:
            flags = self.flags | (AT if attested else 0) | (ED if extensions else 0)
        fixed = hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.sign_count.to_bytes(4)
        return fixed + attested + extensions

    def created(
        self,
        client_data: bytes,
        authenticator_data: bytes,
        attestation: Callable[[bytes, bytes], Any] = lambda data, _: {"fmt": "none", "attStmt": {}, "authData": data},
    ) -> dict[str, Any]:
        """Return the JSON of a registration.

        Args:
            client_data: the bytes that the browser made.
            authenticator_data: the bytes that the authenticator made.
            attestation: makes the attestation object of the latter and of what a statement would sign; its result is
                encoded unless it is bytes already.
        """
        signed = authenticator_data + hashlib.sha256(client_data).digest()
        document = attestation(authenticator_data, signed)
        encoded = document if isinstance(document, bytes) else cbor.encode(document)
        response = {
            "clientDataJSON": base64url.encode(client_data),
            "attestationObject": base64url.encode(encoded),
            "transports": ["internal", "hybrid"],
            "publicKeyAlgorithm": ES256,  # browsers add this and more; only the signed data counts
        }
        return self._credential(response)

    def self_attestation(self, authenticator_data: bytes, signed: bytes) -> dict[str, Any]:
        """Return an attestation object that the new key itself has signed."""
        statement = {"alg": cose_key(self.key)[3], "sig": sign(self.key, signed)}
        return {"fmt": "packed", "attStmt": statement, "authData": authenticator_data}

    def used(
        self, client_data: bytes, authenticator_data: bytes | None = None, signature: bytes | None = None
    ) -> dict[str, Any]:
        """Return the JSON of an assertion.

        Args:
            client_data: the bytes that the browser made.
            authenticator_data: in place of the right bytes.
            signature: in place of the right one.
        """
        data = self.authenticator_data() if authenticator_data is None else authenticator_data
        signature = sign(self.key, data + hashlib.sha256(client_data).digest()) if signature is None else signature
        response = {
            "clientDataJSON": base64url.encode(client_data),
            "authenticatorData": base64url.encode(data),
            "signature": base64url.encode(signature),
        }
        return self._credential(response if self.user_handle is None else response | {"userHandle": self.user_handle})

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        credential_id = base64url.encode(self.credential_id)
        return {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": True}},
        }
