"""Metrics of sessions."""

from collections.abc import Mapping
from typing import Final

from auth_api.kit.errors import AuthException
from auth_api.kit.prometheus import counters
from auth_api.sessions.errors import (
    RefreshTokenReusedException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)

REFRESHES: Final = counters(
    "refreshes",
    "Refreshes by outcome. repeated: a retry got the same successor again; reused: a used token ended its session.",
    "outcome",
    ("rotated", "repeated", "invalid", "expired", "revoked", "reused"),
)
"""Counters by outcome."""

OUTCOMES_BY_ERROR: Final[Mapping[type[AuthException], str]] = {
    TokenInvalidException: "invalid",
    TokenExpiredException: "expired",
    TokenRevokedException: "revoked",
    RefreshTokenReusedException: "reused",
}
"""Outcomes of refused refreshes."""

_LOOKUPS = counters(
    "verified_token_cache_lookups",
    "Look-ups of access tokens in the cache of verified tokens.",
    "result",
    ("hit", "miss"),
)
CACHE_HITS: Final = _LOOKUPS["hit"]
CACHE_MISSES: Final = _LOOKUPS["miss"]
