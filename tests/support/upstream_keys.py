"""Keys of a provider, and ID tokens that they sign. Headers and claims can be anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import get_default_algorithms

from auth_api.kit.crypto.signing import PrivateKey
from tests.support.forgeries import encoded


@dataclass(frozen=True, eq=False)
class UpstreamKey:
    """A key of a provider."""

    private: PrivateKey
    algorithm: str
    kid: str = "key-1"

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as the provider publishes it."""
        public = self.private.public_key()
        jwk = get_default_algorithms()[self.algorithm].to_jwk(public, as_dict=True)
        jwk.pop("key_ops", None)
        return {**jwk, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: Mapping[str, Any] | bytes, header: Mapping[str, Any] | None = None) -> str:
        """Return a token; members of `header` are changed in that of an honest provider, or left out if None."""
        full = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid, **(header or {})}
        sent = {name: value for name, value in full.items() if value is not None}
        signed = f"{encoded(sent)}.{encoded(claims if isinstance(claims, bytes) else dict(claims))}"
        algorithm = jwt.PyJWS().get_algorithm_by_name(self.algorithm)
        return f"{signed}.{encoded(algorithm.sign(signed.encode(), self.private))}"


@cache
def upstream_key(algorithm: str = "ES256", *, number: int = 1, bits: int = 2048) -> UpstreamKey:
    """Return a key of this process; another number is another key with the same `kid`."""
    match algorithm:
        case "EdDSA":
            return UpstreamKey(Ed25519PrivateKey.generate(), algorithm)
        case "ES256":
            return UpstreamKey(ec.generate_private_key(ec.SECP256R1()), algorithm)
        case "ES384":
            return UpstreamKey(ec.generate_private_key(ec.SECP384R1()), algorithm)
    return UpstreamKey(_rsa(number, bits), algorithm)


@cache
def _rsa(_number: int, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)
