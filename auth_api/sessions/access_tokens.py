"""Access tokens: short-lived JWTs in the form of RFC 9068 without `client_id`, each bound to a session.

The claims about the user (`roles`, `metadata`) are for other services. This server never reads them: what a user may do
is read from the database with each request.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from loguru import logger

from auth_api.kit.clock import Clock
from auth_api.kit.crypto.signing import SignatureRejectedError
from auth_api.sessions.assurance import assurance_level, stated_methods
from auth_api.sessions.claims import Claims
from auth_api.sessions.errors import TokenExpiredException, TokenInvalidException
from auth_api.sessions.metrics import CACHE_HITS, CACHE_MISSES
from auth_api.sessions.policy import SessionPolicy

TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068 §2.1

LEEWAY_SECONDS: Final = 60
"""Tolerance for `iat` and `nbf`, as the clock of the issuing instance may be ahead. `exp` has no tolerance."""

JTI_BYTES: Final = 16

MAX_METADATA_BYTES: Final = 1024
"""Of the claim `metadata`, as JSON: clients send the token with every request."""

MAX_USER_ID: Final = 2**63 - 1

_UnixSeconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class AccessTokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The payload. A token that lacks a claim or has a malformed one was not issued here.

    Attributes:
        auth_time: None in tokens of earlier versions.
        acr: like `auth_time`.
        client_id: only in tokens for other applications, which are not valid here.
        scope: like `client_id`.
    """

    iss: str
    aud: str
    sub: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}\Z")]
    iat: _UnixSeconds
    nbf: _UnixSeconds
    exp: _UnixSeconds
    jti: str
    sid: UUID
    auth_time: _UnixSeconds | None = None
    acr: str | None = None
    client_id: Any = msgspec.UNSET
    scope: Any = msgspec.UNSET

    @property
    def user_id(self) -> int:
        """The id of the user."""
        return int(self.sub)

    @property
    def is_for_another_application(self) -> bool:
        """Whether the token was issued for an OAuth client, with less power than a login (RFC 9068 §2.2)."""
        return self.client_id is not msgspec.UNSET or self.scope is not msgspec.UNSET


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A signed token.

    Attributes:
        raw: the token.
        expires_in: its lifetime in seconds.
        acr: the level of assurance that it states.
        amr: the methods that it states.
    """

    raw: str
    expires_in: int
    acr: str
    amr: tuple[str, ...]


class AccessTokens:
    """Issues and verifies access tokens with the keys, issuer and audience of the policy."""

    def __init__(self, policy: SessionPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._payload = msgspec.json.Decoder(AccessTokenClaims)
        self._verified: dict[str, AccessTokenClaims] = {}

    def issue(self, claims: Claims, *, session_ends_in: timedelta) -> IssuedToken:
        """Sign a token that expires with its session at the latest."""
        level = assurance_level(claims.amr, claims.mfa_at, claims.now, max_age=self._policy.mfa_max_age)
        amr = stated_methods(claims.amr, level)
        now = int(self._clock().timestamp())
        # Not later than the roles were read: services refuse what was issued before the user lost one.
        issued_at = min(now, int(claims.now.timestamp()))
        seconds = int(min(self._policy.access_ttl, session_ends_in).total_seconds())
        payload = {
            "iss": self._policy.issuer,
            "aud": self._policy.audience,
            "sub": str(claims.user_id),
            "iat": issued_at,
            "nbf": now,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(JTI_BYTES),
            "sid": str(claims.session_id),
            "amr": amr,
            "acr": level,
            "auth_time": int(claims.auth_time.timestamp()),
            "roles": claims.roles,
        }
        if claims.metadata and (metadata := self._stated_metadata(claims, claims.metadata)):
            payload["metadata"] = metadata
        raw = self._policy.keys.sign(payload, token_type=TOKEN_TYPE)
        return IssuedToken(raw=raw, expires_in=seconds, acr=level, amr=amr)

    def verify(self, token: str) -> AccessTokenClaims:
        """Return the claims of a genuine, unexpired token.

        The claims of recently verified tokens are cached; their times are checked at every call.

        Raises:
            TokenExpiredException: the token is genuine, but has expired or is not valid yet. The latter happens if a
                clock was set back; a refresh helps then, too, and the user need not log in.
            TokenInvalidException: the token is not genuine.
        """
        claims = self._verified.get(token)
        (CACHE_MISSES if claims is None else CACHE_HITS).inc()
        if claims is None:
            claims = self.verify_ignoring_expiry(token)
        self._check_time(claims)
        self._cache(token, claims)
        return claims

    def verify_ignoring_expiry(self, token: str) -> AccessTokenClaims:
        """Return the claims of a genuine token, whether it has expired or not. Only for logging out.

        Raises:
            TokenInvalidException: the token was not issued by and for this deployment, or for another application.
        """
        try:
            claims = self._payload.decode(self._policy.keys.verify(token, token_type=TOKEN_TYPE))
        except (SignatureRejectedError, msgspec.DecodeError) as error:
            raise TokenInvalidException from error
        if claims.iss != self._policy.issuer or claims.aud != self._policy.audience or claims.user_id > MAX_USER_ID:
            raise TokenInvalidException
        if claims.is_for_another_application:
            raise TokenInvalidException
        return claims

    def _stated_metadata(self, claims: Claims, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keys of the user's metadata that tokens contain; none if they are too long together."""
        stated = {key: metadata[key] for key in self._policy.metadata_claims if key in metadata}
        if len(msgspec.json.encode(stated)) <= MAX_METADATA_BYTES:
            return stated
        logger.bind(event="token:metadata_omitted", user_id=claims.user_id).warning(
            "the keys of TOKEN_METADATA_CLAIMS are too long for access tokens"
        )
        return {}

    def _check_time(self, claims: AccessTokenClaims) -> None:
        now: datetime = self._clock()
        seconds = now.timestamp()
        if seconds >= claims.exp or max(claims.nbf, claims.iat) > seconds + LEEWAY_SECONDS:
            raise TokenExpiredException

    def _cache(self, token: str, claims: AccessTokenClaims) -> None:
        if self._policy.verified_cache_size == 0 or token in self._verified:
            return
        while len(self._verified) >= self._policy.verified_cache_size:
            del self._verified[next(iter(self._verified))]  # the oldest entry
        self._verified[token] = claims
