"""Cookie mode: the client is a web page whose refresh token is in a cookie that its scripts cannot read.

A request is in cookie mode if it has the header `Token-Transport: cookie` (`kit/http/token_transport.py`). What opens,
refreshes and ends sessions asks this module, so that handlers and flows need not pass it on.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True, kw_only=True)
class CookieMode:
    """The refresh cookie of a request.

    Attributes:
        refresh_token: the value of the cookie; None without one; an empty text, which is never valid, if there are
            several cookies of the name: one of them was not set by this server, and nothing tells which.
        has_ended: whether the request has ended the session of its caller, so that the response deletes the cookie.
    """

    refresh_token: str | None = field(repr=False)
    has_ended: bool = False


COOKIE_MODE: Final[ContextVar[CookieMode | None]] = ContextVar("cookie_mode", default=None)
"""The refresh cookie of the request that is being processed; None if the request is not in cookie mode."""

COOKIE_TRANSPORT: Final = "cookie"
"""The transport of a session whose refresh token is in a cookie. That of other sessions is null."""


def transport_of_request() -> str | None:
    """Return the transport of the sessions that the request opens, refreshes and ends."""
    return None if COOKIE_MODE.get() is None else COOKIE_TRANSPORT


def forget_refresh_cookie() -> None:
    """Let the response delete the refresh cookie if the request is in cookie mode and succeeds."""
    if (mode := COOKIE_MODE.get()) is not None:
        mode.has_ended = True
