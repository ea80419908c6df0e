"""How long sessions and tokens last, and which keys sign them."""

from datetime import timedelta
from typing import Final

import msgspec

from auth_api.kit.crypto.signing import KeyRing

JWKS_MAX_AGE: Final = 300
"""Seconds a verifier may go on with what it has: a new key is published at least that long before it signs."""


KNOWN_NETWORK_PERIOD: Final = timedelta(days=30)
"""Time after the opening of a session during which its network counts as known to the user."""

REFRESH_TOKEN_PREFIX: Final = "rt_"  # noqa: S105 - the public part of every refresh token


class SessionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Lifetimes, and what stands in every access token.

    Attributes:
        access_ttl: life of an access token.
        idle_ttl: a session ends that long after its last refresh.
        absolute_ttl: and at the latest that long after it began.
        refresh_grace: a spent refresh token still yields its successor that long.
        issuer: `iss`.
        audience: `aud`.
        keys: sign and verify access tokens.
        derivation_secrets: derive the successors of refresh tokens, newest first.
        per_account: so many sessions of an account live at once; one more ends the oldest.
        verified_cache_size: how many verified access tokens are remembered per process.
    """

    keys: KeyRing
    derivation_secrets: tuple[bytes, ...]
    issuer: str
    audience: str = "auth_api"
    access_ttl: timedelta = timedelta(minutes=30)
    idle_ttl: timedelta = timedelta(days=7)
    absolute_ttl: timedelta = timedelta(days=30)
    refresh_grace: timedelta = timedelta(seconds=30)
    per_account: int = 50
    verified_cache_size: int = 4096

    def __repr__(self) -> str:
        """Leave the keys out."""
        return f"SessionPolicy(issuer={self.issuer!r}, audience={self.audience!r})"
