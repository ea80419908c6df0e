"""The rules that an access token must fulfil (RFC 9068 §4, RFC 8725)."""

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt.types import Options

from auth_api_sdk.errors import TokenRejected
from auth_api_sdk.principal import Principal, PrincipalKind

INVALID: Final = "TOKEN_INVALID"
EXPIRED: Final = "TOKEN_EXPIRED"
REVOKED: Final = "TOKEN_REVOKED"

SIGNED_WITH_HS256: Final = (
    "it is signed with HS256, which only auth_api can verify. Set JWT_ALGORITHM=EdDSA there, or use mode='remote' here"
)
MAX_TOKEN_CHARACTERS: Final = 8192
MAX_KID_CHARACTERS: Final = 128
CLOCK_SKEW_SECONDS: Final = 30
"""For `nbf` and `iat`; `exp` has none."""

_FOREIGN_KEYS: Final = frozenset({"crit", "jwk", "jku", "x5u", "x5c"})
_ONLY_SIGNATURE: Final[Options] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
    "require": [],
}
"""PyJWT checks the signature. It neither checks `typ` nor refuses an `aud` with strangers, so the claims are ours."""


@dataclass(frozen=True, slots=True)
class SignedToken:
    """The parts of a token that decide which key verifies it."""

    raw: str
    algorithm: str
    kid: str


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What tokens of an issuer look like.

    Attributes:
        issuer: the claim `iss`.
        audiences: the accepted values of the claim `aud`.
        algorithms: the accepted signature algorithms.
    """

    issuer: str
    audiences: frozenset[str]
    algorithms: frozenset[str]

    def read(self, raw: str) -> SignedToken:
        """Return the header of a token that may be one of these.

        Raises:
            TokenRejected: it is none.
        """
        if len(raw) > MAX_TOKEN_CHARACTERS or raw.count(".") != 2:  # noqa: PLR2004 - three parts
            raise TokenRejected(INVALID)
        header = decoded_part(raw.partition(".")[0])
        algorithm, kid = header.get("alg"), header.get("kid")
        if header.get("typ") != "at+jwt" or not _FOREIGN_KEYS.isdisjoint(header):
            raise TokenRejected(INVALID)
        if algorithm == "HS256":
            raise TokenRejected(INVALID, SIGNED_WITH_HS256)
        if not isinstance(algorithm, str) or algorithm not in self.algorithms:
            raise TokenRejected(INVALID)
        if not isinstance(kid, str) or len(kid) > MAX_KID_CHARACTERS:
            raise TokenRejected(INVALID)
        return SignedToken(raw, algorithm, kid)

    def verify(self, token: SignedToken, key: jwt.PyJWK, now: float) -> Principal:
        """Return the holder of a token.

        Args:
            token: the token.
            key: the public key that the token names.
            now: the time in seconds since 1970.

        Raises:
            TokenRejected: the key has another algorithm, the signature or a claim is wrong, or the token has expired.
        """
        if key.algorithm_name != token.algorithm:
            raise TokenRejected(INVALID)
        try:
            claims = jwt.decode(token.raw, key, [token.algorithm], _ONLY_SIGNATURE)
        except Exception as error:  # every fault of a token is the same to its sender
            raise TokenRejected(INVALID) from error
        if (issuer := claims.get("iss")) != self.issuer:
            raise TokenRejected(INVALID, f"auth_api issues tokens as {issuer!r}, and issuer is {self.issuer!r}")
        if not self._is_for_us(audience := claims.get("aud")):
            raise TokenRejected(INVALID, f"the token is for {audience!r}, and audience is {sorted(self.audiences)}")
        _check_times(claims, now)
        return principal_of(claims)

    def _is_for_us(self, audience: object) -> bool:
        """Return whether a token is for exactly one of the audiences, and for no other service."""
        if isinstance(audience, list) and len(audience) == 1:
            audience = audience[0]
        return isinstance(audience, str) and audience in self.audiences


def decoded_part(part: str) -> dict[str, Any]:
    """Return the JSON object that a part of a token contains.

    Raises:
        TokenRejected: it contains none.
    """
    try:
        document = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise TokenRejected(INVALID) from error
    if not isinstance(document, dict):
        raise TokenRejected(INVALID)
    return document


def check_expiry(principal: Principal, now: float) -> None:
    """Refuse a principal whose token has expired."""
    if principal.expires_at is not None and principal.expires_at <= now:
        raise TokenRejected(EXPIRED)


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Return the holder that the claims of an access token describe.

    Raises:
        TokenRejected: `sub` or `jti` is missing, or not exactly one of `sid` and `client_id` is there.
    """
    subject, session_id, client_id = claims.get("sub"), claims.get("sid"), claims.get("client_id")
    if not isinstance(subject, str) or not isinstance(claims.get("jti"), str):
        raise TokenRejected(INVALID)
    kind: PrincipalKind
    if isinstance(session_id, str) and "client_id" not in claims:
        kind, scopes = "session", frozenset[str]()
    elif isinstance(client_id, str) and "sid" not in claims:
        kind, scopes = "oauth", frozenset(_text(claims.get("scope")).split())
    else:
        raise TokenRejected(INVALID)
    return Principal(
        subject=subject,
        kind=kind,
        session_id=session_id,
        client_id=client_id,
        roles=frozenset(_texts(claims.get("roles"))),
        scopes=scopes,
        amr=tuple(_texts(claims.get("amr"))),
        acr=_text(claims.get("acr")) or None,
        auth_time=_number(claims.get("auth_time")),
        expires_at=_number(claims.get("exp")),
        claims=claims,
    )


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    """Check `exp`, `iat` and `nbf` (RFC 7519 §4.1)."""
    expires_at, issued_at, not_before = (_number(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires_at is None or issued_at is None or (not_before is None and "nbf" in claims):
        raise TokenRejected(INVALID)
    if expires_at <= now:
        raise TokenRejected(EXPIRED)
    if max(issued_at, not_before or 0) > now + CLOCK_SKEW_SECONDS:
        raise TokenRejected(INVALID)


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> Collection[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
