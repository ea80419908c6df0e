"""CORS for a list of exact origins, without credentials: tokens travel in a header, never in a cookie."""

from collections.abc import Mapping, Sequence
from typing import Final

METHODS: Final = "GET, POST, PATCH, DELETE"
REQUEST_HEADERS: Final = ("authorization", "content-type", "x-request-id")
EXPOSED_HEADERS: Final = "X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate"
PREFLIGHT_MAX_AGE_SECONDS: Final = 600

Headers = list[tuple[bytes, bytes]]


class CorsPolicy:
    """Decides which origins may call the API from a browser.

    Args:
        origins: scheme, host and port, compared as they are; no patterns, no `*`.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origin.encode("latin-1") for origin in origins)
        self._vary: Headers = [(b"vary", b"Origin")] if origins else []

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
        """Return the headers that grant a preflight request, or None if it is denied."""
        method = request.get(b"access-control-request-method", b"").decode("latin-1")
        headers = request.get(b"access-control-request-headers", b"").decode("latin-1").lower()
        if (
            request.get(b"origin") not in self._origins
            or method not in METHODS.split(", ")
            or any(name.strip() not in REQUEST_HEADERS for name in headers.split(",") if name.strip())
        ):
            return None
        return [
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", ", ".join(REQUEST_HEADERS).encode()),
            (b"access-control-max-age", str(PREFLIGHT_MAX_AGE_SECONDS).encode()),
        ]


def is_preflight(method: str, request: Mapping[bytes, bytes]) -> bool:
    """Return whether this is a CORS preflight and not a plain OPTIONS request (Fetch standard §3.3.3)."""
    return method == "OPTIONS" and b"origin" in request and b"access-control-request-method" in request
