"""What ends a session, and when its tokens are refreshed: decisions without I/O."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from auth_api_sdk.errors import AuthError, SignedOut
from auth_api_sdk.models import LoggedIn, SteppedUp, Tokens
from auth_api_sdk.reading import read, read_tokens

MIN_SECONDS: Final = 30.0
"""How long an access token is valid at least when a call is sent with it."""

MAX_CLOCK_STEP_SECONDS: Final = 60.0
"""Tokens that were received later than this after now are refreshed: the clock of the machine was set back."""

_ENDED_ON_REFRESH: Final = {
    "TOKEN_EXPIRED": "expired",
    "TOKEN_REVOKED": "revoked",
    "TOKEN_INVALID": "revoked",
    "REFRESH_TOKEN_REUSED": "reused",
}
_UNAUTHORIZED: Final = 401


def is_fresh(tokens: Tokens, min_seconds: float) -> bool:
    """Return whether the access token is valid for at least this number of seconds."""
    now = time.time()
    is_of_the_future = tokens.received_at > now + MAX_CLOCK_STEP_SECONDS
    return not is_of_the_future and tokens.received_at + tokens.expires_in - now >= min_seconds


def end_on_refresh(error: AuthError) -> SignedOut | None:
    """Return the end of the session that a refused refresh means; None if the session is kept.

    Only a 401 of auth_api with one of these codes is an end: proxies and outages are not.
    """
    reason = _ENDED_ON_REFRESH.get(error.code) if error.status == _UNAUTHORIZED else None
    return None if reason is None else SignedOut(reason, error)


def step_after_refusal(error: AuthError) -> Literal["refresh", "reload", "raise"]:
    """Return what follows when a call with an access token is refused.

    `refresh`: get a new token, repeat the call once. `reload`: the session has ended, unless the store has other tokens
    meanwhile; then repeat the call once with these. `raise`: the session is kept.
    """
    if error.status != _UNAUTHORIZED:
        return "raise"
    if error.code == "TOKEN_EXPIRED":
        return "refresh"
    return "reload" if error.code in {"TOKEN_REVOKED", "TOKEN_INVALID"} else "raise"


def tokens_in(result: Any, used: Tokens) -> Tokens | None:
    """Return the tokens in the result of a call, which replace those that it was sent with; None without tokens.

    A result with only an access token belongs to the same session, whose refresh token stays valid.
    """
    if isinstance(result, Tokens):
        return result
    if isinstance(result, LoggedIn):
        return result.tokens
    if isinstance(result, SteppedUp):
        return replace(used, access_token=result.access_token, expires_in=result.expires_in, received_at=time.time())
    if not isinstance(result, Mapping) or not isinstance(result.get("access_token"), str):
        return None
    if isinstance(result.get("refresh_token"), str):
        return read_tokens(result)
    known = {"refresh_token": used.refresh_token, "refresh_expires_in": used.refresh_expires_in}
    return read(Tokens, {name: result[name] for name in ("access_token", "expires_in")}, **known)
