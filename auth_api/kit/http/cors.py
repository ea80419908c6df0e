"""CORS for a list of exact origins, without credentials: tokens travel in a header, never in a cookie."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

METHODS: Final = "GET, HEAD, POST, PATCH, DELETE"
REQUEST_HEADERS: Final = (
    "accept",
    "accept-language",
    "authorization",
    "baggage",
    "cache-control",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "pragma",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "x-request-id",
    "x-requested-with",
)
"""Those of the API, and those that HTTP clients and tracing libraries add to every request."""

EXPOSED_HEADERS: Final = "X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate"
PREFLIGHT_MAX_AGE_SECONDS: Final = 600

Headers = list[tuple[bytes, bytes]]

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]+")
"""A token (RFC 9110 §5.6.2), except `*`, which in CORS means any name."""


def parse_header_name(text: str) -> str:
    """Return the name of a header in lower case; raise a ValueError otherwise."""
    if _HEADER_NAME.fullmatch(text) is None:
        message = "must list names of headers, without '*'"
        raise ValueError(message)
    return text.lower()


class CorsPolicy:
    """Decides which origins may call the API from a browser.

    Args:
        origins: scheme, host and port, compared as they are; no patterns, no `*`.
        more_headers: names of request headers that pages may send in addition to `REQUEST_HEADERS`, in lower case.
    """

    def __init__(self, origins: Sequence[str], *, more_headers: Sequence[str] = ()) -> None:
        self._origins = frozenset(origin.encode("latin-1") for origin in origins)
        self._vary: Headers = [(b"vary", b"Origin")] if origins else []
        names = ", ".join(sorted({*REQUEST_HEADERS, *more_headers}))
        self._granted: Headers = [
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", names.encode()),
            (b"access-control-max-age", str(PREFLIGHT_MAX_AGE_SECONDS).encode()),
        ]

    def headers(self, request: Mapping[bytes, bytes]) -> Headers:
        """Return the CORS headers of a response. Errors need them, too: a script can read nothing else of them."""
        origin = request.get(b"origin")
        if origin is None or origin not in self._origins:
            return self._vary
        return [
            *self._vary,
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
        ]

    def preflight(self, request: Mapping[bytes, bytes]) -> Headers | None:
        """Return the methods and headers that pages of this origin may use, or None if it is not allowed.

        They do not depend on the request: the browser compares them with it, and names a header that is missing in its
        console. An error here would only tell it that the preflight failed (Fetch standard §4.8).
        """
        return self._granted if request.get(b"origin") in self._origins else None


def is_preflight(method: str, request: Mapping[bytes, bytes]) -> bool:
    """Return whether this is a CORS preflight and not a plain OPTIONS request (Fetch standard §3.3.3)."""
    return method == "OPTIONS" and b"origin" in request and b"access-control-request-method" in request
