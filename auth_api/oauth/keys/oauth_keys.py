"""The keys of the OAuth provider, which sign tokens for other applications and nothing else.

Access tokens are signed with ES256, which is fast and short, and ID tokens with RS256, which every OpenID client checks
(OpenID Connect Core §15.1).
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from auth_api.kit import base64url
from auth_api.kit.crypto.generation import new_key
from auth_api.kit.crypto.signing import KeyRing, SignatureRejectedError, SigningKey

ACCESS_TOKEN_ALGORITHM: Final = "ES256"  # noqa: S105 - not a password
ID_TOKEN_ALGORITHM: Final = "RS256"  # noqa: S105 - not a password
OAUTH_ALGORITHMS: Final = (ID_TOKEN_ALGORITHM, ACCESS_TOKEN_ALGORITHM)

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068 §2.1
ID_TOKEN_TYPE: Final = "JWT"  # noqa: S105 - RFC 7519 §5.1

_CLAIMS: Final = msgspec.json.Decoder(dict[str, Any])


class OAuthKeys:
    """Signs and verifies the tokens for other applications.

    Args:
        issuer: the issuer of the tokens.
        keys: of each algorithm, the first key signs, and all verify; none if the provider is off.

    Attributes:
        issuer: the issuer of the tokens.
        keys: the keys, in their order.
    """

    def __init__(self, issuer: str, keys: Sequence[SigningKey]) -> None:
        self.issuer = issuer
        self.keys = tuple(keys)
        self._rings = {
            algorithm: KeyRing(ring[0], ring[1:])
            for algorithm in OAUTH_ALGORITHMS
            if (ring := self.of_algorithm(algorithm))
        }

    def of_algorithm(self, algorithm: str) -> list[SigningKey]:
        """Return the keys of an algorithm, beginning with the one that signs."""
        return [key for key in self.keys if key.algorithm == algorithm]

    def sign_access_token(self, claims: Mapping[str, Any]) -> str:
        """Sign an access token (RFC 9068)."""
        return self._rings[ACCESS_TOKEN_ALGORITHM].sign(claims, token_type=ACCESS_TOKEN_TYPE)

    async def sign_id_token(self, claims: Mapping[str, Any]) -> str:
        """Sign an ID token in a thread, because an RSA signature takes more than a millisecond."""
        return await asyncio.to_thread(self._rings[ID_TOKEN_ALGORITHM].sign, claims, token_type=ID_TOKEN_TYPE)

    def verify_access_token(self, raw: str, now: datetime) -> dict[str, Any] | None:
        """Return the claims of a genuine access token that has not expired; None for any other text.

        Args:
            raw: the token.
            now: the current time.
        """
        claims = self._verify(raw, ACCESS_TOKEN_ALGORITHM, ACCESS_TOKEN_TYPE)
        return claims if claims is not None and now.timestamp() < claims["exp"] else None

    def read_id_token_hint(self, raw: str) -> dict[str, Any] | None:
        """Return the claims of a genuine ID token, also of an expired one; None for any other text.

        As a hint, an expired ID token is accepted (OpenID Connect RP-Initiated Logout §2, Core §3.1.2.1).
        """
        return self._verify(raw, ID_TOKEN_ALGORITHM, ID_TOKEN_TYPE)

    def public_jwks(self) -> list[dict[str, str]]:
        """Return the public keys as JWKs (RFC 7517 §5)."""
        return [jwk for key in self.keys if (jwk := key.public_jwk) is not None]

    def _verify(self, raw: str, algorithm: str, token_type: str) -> dict[str, Any] | None:
        if algorithm not in self._rings:
            return None
        try:
            claims = _CLAIMS.decode(self._rings[algorithm].verify(raw, token_type=token_type))
        except (SignatureRejectedError, msgspec.DecodeError):
            return None
        return claims if claims.get("iss") == self.issuer else None


def new_oauth_keys() -> str:
    """Generate a key for each algorithm, in PEM form one after another."""
    return "".join(map(new_key, OAUTH_ALGORITHMS)).strip()


def at_hash(access_token: str) -> str:
    """Return the claim of an ID token that binds it to an access token (OpenID Connect Core §3.1.3.6)."""
    return base64url.encode(hashlib.sha256(access_token.encode("ascii")).digest()[:16])
