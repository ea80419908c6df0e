"""Access tokens: short-lived JWTs in the form of RFC 9068 (without `client_id`: there are no clients yet).

Each is bound to a session.
"""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec

from auth_api.kit.clock import Clock
from auth_api.kit.crypto.signing import SignatureRejectedError
from auth_api.sessions.errors import TokenExpiredException, TokenInvalidException
from auth_api.sessions.metrics import CACHE_HITS, CACHE_MISSES
from auth_api.sessions.policy import SessionPolicy

TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068 §2.1

LEEWAY_SECONDS: Final = 60
"""For `iat` and `nbf` of another node: of two clocks that are half a minute off, one may be behind. None for `exp`."""

JTI_BYTES: Final = 16
MAX_ID: Final = 2**63 - 1

_Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class AccessTokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The payload, whole: a token that lacks a claim or has an odd one was not made here."""

    iss: str
    aud: str
    sub: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}\Z")]
    iat: _Seconds
    nbf: _Seconds
    exp: _Seconds
    jti: str
    sid: UUID

    @property
    def user_id(self) -> int:
        """The account the token speaks for."""
        return int(self.sub)


class IssuedToken(msgspec.Struct, frozen=True):
    """A signed token and its life in seconds."""

    raw: str
    expires_in: int


class AccessTokens:
    """Issues and verifies access tokens by the policy's keys, issuer and audience."""

    def __init__(self, policy: SessionPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._payload = msgspec.json.Decoder(AccessTokenClaims)
        self._verified: dict[str, AccessTokenClaims] = {}

    def issue(self, *, user_id: int, session_id: UUID, session_ends_in: timedelta) -> IssuedToken:
        """Sign a token for a session, which it does not outlive."""
        now = int(self._clock().timestamp())
        seconds = int(min(self._policy.access_ttl, session_ends_in).total_seconds())
        claims = {
            "iss": self._policy.issuer,
            "aud": self._policy.audience,
            "sub": str(user_id),
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(JTI_BYTES),
            "sid": str(session_id),
        }
        return IssuedToken(self._policy.keys.sign(claims, token_type=TOKEN_TYPE), seconds)

    def verify(self, raw: str) -> AccessTokenClaims:
        """Return the claims of a token that is genuine and within its time.

        Verified tokens are remembered, a bounded number of them; their time is judged anew at every call.

        Raises:
            TokenExpiredException: genuine, but outside of its time. Also where that has not begun, because a clock was
                set back since: a new one helps, and nobody has to log in.
            TokenInvalidException: anything else.
        """
        claims = self._verified.get(raw)
        (CACHE_MISSES if claims is None else CACHE_HITS).inc()
        if claims is None:
            claims = self.verify_ignoring_expiry(raw)
        self._judge_time(claims)
        self._remember(raw, claims)
        return claims

    def verify_ignoring_expiry(self, raw: str) -> AccessTokenClaims:
        """Return the claims of a genuine token, expired or not. For logging out, nothing else.

        Raises:
            TokenInvalidException: it was not made by and for this deployment.
        """
        try:
            claims = self._payload.decode(self._policy.keys.verify(raw, token_type=TOKEN_TYPE))
        except (SignatureRejectedError, msgspec.DecodeError) as error:
            raise TokenInvalidException from error
        if claims.iss != self._policy.issuer or claims.aud != self._policy.audience or claims.user_id > MAX_ID:
            raise TokenInvalidException
        return claims

    def _judge_time(self, claims: AccessTokenClaims) -> None:
        now: datetime = self._clock()
        seconds = now.timestamp()
        if seconds >= claims.exp or max(claims.nbf, claims.iat) > seconds + LEEWAY_SECONDS:
            raise TokenExpiredException

    def _remember(self, raw: str, claims: AccessTokenClaims) -> None:
        if self._policy.verified_cache_size == 0 or raw in self._verified:
            return
        while len(self._verified) >= self._policy.verified_cache_size:
            del self._verified[next(iter(self._verified))]  # the one first seen
        self._verified[raw] = claims
