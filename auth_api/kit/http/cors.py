"""Cross-origin access for exact origins, without credentials: tokens travel in a header, never in a cookie."""

from collections.abc import Mapping, Sequence
from typing import Final

METHODS: Final = "GET, POST, PATCH, DELETE"
REQUEST_HEADERS: Final = ("authorization", "content-type", "x-request-id")
EXPOSED_HEADERS: Final = "X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate"
MAX_AGE: Final = 600
"""Seconds a browser may remember a preflight's answer."""

Headers = list[tuple[bytes, bytes]]


class CorsPolicy:
    """Says which headers an answer gets for an origin, and what a preflight gets.

    Args:
        origins: scheme, host and port, compared as they are; no patterns, no `*`.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origin.encode("latin-1") for origin in origins)
        self._vary: Headers = [(b"vary", b"Origin")] if origins else []

    def headers(self, request: Mapping[bytes, bytes]) -> Headers:
        """Headers of every answer, errors included; without them a browser shows a script no more than "failed"."""
        origin = request.get(b"origin")
        if origin is None or origin not in self._origins:
            return self._vary
        return [
            *self._vary,
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
        ]

    def preflight(self, request: Mapping[bytes, bytes]) -> Headers | None:
        """Return the headers that allow what the preflight asks for, or None to refuse it."""
        wanted_method = request.get(b"access-control-request-method", b"").decode("latin-1")
        wanted_headers = request.get(b"access-control-request-headers", b"").decode("latin-1").lower()
        if (
            request.get(b"origin") not in self._origins
            or wanted_method not in METHODS.split(", ")
            or any(name.strip() not in REQUEST_HEADERS for name in wanted_headers.split(",") if name.strip())
        ):
            return None
        return [
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", ", ".join(REQUEST_HEADERS).encode()),
            (b"access-control-max-age", str(MAX_AGE).encode()),
        ]


def is_preflight(method: str, request: Mapping[bytes, bytes]) -> bool:
    """Tell a preflight from a plain OPTIONS request (Fetch standard §3.3.3)."""
    return method == "OPTIONS" and b"origin" in request and b"access-control-request-method" in request
