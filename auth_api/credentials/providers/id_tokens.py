"""Check the signature of ID tokens (RFC 7515, RFC 8725). `id_token_claims.py` checks what they state.

PyJWT only computes: it chooses neither key nor algorithm. What a header offers as a key (`jwk`, `jku`, `x5c`, `x5u`) is
not read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from auth_api.credentials.providers.answers import AnswerRefusedError, json_object
from auth_api.kit import base64url
from auth_api.kit.crypto.signing import MIN_RSA_BITS

MAX_CHARACTERS: Final = 16 * 1024

_KEY_TYPES: Final[Mapping[str, tuple[str, str | None]]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Accepted algorithms (RFC 7518 §3.1, RFC 8037 §3.1), each with the type and the curve of its keys."""

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

_COMPUTATION: Final = jwt.PyJWS()

Jwk = Mapping[str, Any]
"""A public key (RFC 7517) as the provider published it."""


class IdToken(msgspec.Struct, frozen=True):
    """An ID token whose signature is not checked yet.

    Attributes:
        kid: id of the key that signed it, if the header names one.
    """

    text: str
    algorithm: str
    kid: str | None

    @classmethod
    def parse(cls, text: Any) -> "IdToken":
        """Read the header.

        Raises:
            AnswerRefusedError: not a signed token with an algorithm for public keys, or one that needs an extension.
        """
        found = _COMPACT.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_CHARACTERS else None
        if found is None:
            raise AnswerRefusedError(reason="id_token.form")
        try:
            header = json_object(base64url.decode(found[1]), "id_token.header")
        except ValueError as error:
            raise AnswerRefusedError(reason="id_token.header") from error
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in _KEY_TYPES:
            raise AnswerRefusedError(reason="id_token.alg")
        if "crit" in header or not isinstance(kid, str | None):
            raise AnswerRefusedError(reason="id_token.header")
        return cls(found[0], algorithm, kid)

    def verified_claims(self, keys: Iterable[Jwk]) -> dict[str, Any] | None:
        """Return the claims, or None if none of the provider's keys signed the token.

        Raises:
            AnswerRefusedError: the payload is not a JSON object.
        """
        fitting = list(self._fitting(keys))
        if len(fitting) != 1:  # without a `kid`, the key must not depend on trying
            return None
        try:
            key = jwt.PyJWK.from_dict(dict(fitting[0]), algorithm=self.algorithm).key
            if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
                return None
            payload = _COMPUTATION.decode(self.text, key, algorithms=[self.algorithm])
        except Exception:  # noqa: BLE001 - a malformed key raises errors of several libraries
            return None
        claims = json_object(payload, "id_token.payload")
        return claims if _signs_for(fitting[0], claims) else None

    def _fitting(self, keys: Iterable[Jwk]) -> Iterator[Jwk]:
        """Yield the keys that may have signed the token (RFC 7515 §6, RFC 7517 §4)."""
        key_type, curve = _KEY_TYPES[self.algorithm]
        for key in keys:
            if (
                (self.kid is None or key.get("kid") == self.kid)
                and key.get("kty") == key_type
                and (curve is None or key.get("crv") == curve)
                and key.get("use", "sig") == "sig"
                and key.get("alg", self.algorithm) == self.algorithm
            ):
                yield key


def _signs_for(key: Jwk, claims: Mapping[str, Any]) -> bool:
    """Return whether a key may sign for the issuer of a token.

    Microsoft publishes the keys of all tenants and of private accounts together, each with its issuer.
    """
    issuer = key.get("issuer")
    return issuer is None or str(issuer).replace("{tenantid}", str(claims.get("tid"))) == claims.get("iss")
