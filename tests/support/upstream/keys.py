"""Signing keys of a provider, generated once per process because RSA keys are slow to generate."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.forgeries import encoded


@dataclass(frozen=True)
class UpstreamKey:
    """A key of a provider; two with the same id and number are the same key."""

    kid: str = "first"
    algorithm: str = "ES256"
    number: int = 0
    bits: int = 2048

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as the provider publishes it."""
        public = _private_key(self).public_key()
        jwk: dict[str, Any] = _algorithm(self.algorithm).to_jwk(public, as_dict=True)
        jwk.pop("key_ops", None)
        return {**jwk, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: Mapping[str, Any] | bytes, header: Mapping[str, Any] | None = None) -> str:
        """Return a token that this key signed, whatever its header states; members that are None are left out."""
        stated = {"alg": self.algorithm, "kid": self.kid, **(header or {})}
        sent = {name: value for name, value in stated.items() if value is not None}
        content = f"{encoded(sent)}.{encoded(claims if isinstance(claims, bytes) else dict(claims))}"
        signature = _algorithm(self.algorithm).sign(content.encode(), _private_key(self))
        return f"{content}.{encoded(signature)}"


def _algorithm(name: str) -> Any:
    return jwt.get_algorithm_by_name(name)


@cache
def _private_key(key: UpstreamKey) -> Any:
    match key.algorithm:
        case "EdDSA":
            return Ed25519PrivateKey.generate()
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=key.bits)
