"""Metrics of sessions."""

from collections.abc import Mapping
from typing import Final

from auth_api.kit.cookie_mode import COOKIE_MODE
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

COOKIE_REFRESHES: Final = counters(
    "cookie_refreshes",
    "Refreshes in cookie mode by outcome. kept: the refresh token is young and stays; graced: a retry got the same "
    "successor again; reused: a used token ended its session.",
    "outcome",
    ("kept", "rotated", "graced", "reused"),
)
"""Counters by outcome."""

_COOKIE_OUTCOMES: Final = {"rotated": "rotated", "repeated": "graced", "reused": "reused"}


def count_refresh(outcome: str) -> None:
    """Count a refresh by an outcome of `REFRESHES`, in cookie mode also among those."""
    REFRESHES[outcome].inc()
    if COOKIE_MODE.get() is not None and outcome in _COOKIE_OUTCOMES:
        COOKIE_REFRESHES[_COOKIE_OUTCOMES[outcome]].inc()


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
