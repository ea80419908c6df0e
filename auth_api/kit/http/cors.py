"""CORS for a list of exact origins. Only those that may use cookie mode get credentials, which are cookies here."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from loguru import logger

from auth_api.kit.http.oauth_paths import CORS_PATHS, OAUTH_PREFIX
from auth_api.kit.http.origins import is_loopback_origin, parse_origin

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

COOKIE_MODE_HEADER: Final = "token-transport"
"""Only for pages that may use cookie mode."""

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


_OPEN_HEADERS: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
]
_OPEN_PREFLIGHT: Final[Headers] = [
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, x-request-id"),
    (b"access-control-max-age", str(PREFLIGHT_MAX_AGE_SECONDS).encode()),
]


class CorsPolicy:
    """Decides which origins may call the API from a browser.

    Args:
        origins: scheme, host and port, compared as they are; no patterns, no `*`.
        cookie_origins: further origins, whose pages may use cookie mode.
        more_headers: names of request headers that pages may send in addition to `REQUEST_HEADERS`, in lower case.
        has_oauth: whether the OAuth provider is on, some paths of which are open to all origins without credentials.
        for_development: also allow all loopback origins, and log how to allow an origin that is denied.
    """

    def __init__(
        self,
        origins: Sequence[str],
        *,
        cookie_origins: Sequence[str] = (),
        more_headers: Sequence[str] = (),
        has_oauth: bool = False,
        for_development: bool = False,
    ) -> None:
        self._origins = frozenset(origin.encode("latin-1") for origin in origins)
        self._cookie_origins = frozenset(origin.encode("latin-1") for origin in cookie_origins)
        self._all_origins = self._origins | self._cookie_origins
        self._has_oauth = has_oauth
        self._for_development = for_development
        self._vary: Headers = [(b"vary", b"Origin")] if self._all_origins or for_development else []
        self._granted = _granted({*REQUEST_HEADERS, *more_headers})
        self._granted_with_cookies = _granted({*REQUEST_HEADERS, *more_headers, COOKIE_MODE_HEADER})

    def headers(self, request: Mapping[bytes, bytes], route_path: str = "") -> Headers:
        """Return the CORS headers of a response. Errors need them, too: a script can read nothing else of them.

        Args:
            request: the headers of the request.
            route_path: the path of the request.
        """
        if self._has_oauth and route_path in CORS_PATHS:
            return _OPEN_HEADERS
        if route_path.startswith(OAUTH_PREFIX):
            return []
        origin = request.get(b"origin")
        if origin is None or not self._is_allowed(origin):
            return self._vary
        return [
            *self._vary,
            (b"access-control-allow-origin", origin),
            *([(b"access-control-allow-credentials", b"true")] if origin in self._cookie_origins else ()),
            (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
        ]

    def preflight(self, request: Mapping[bytes, bytes], route_path: str = "") -> Headers | None:
        """Return the methods and headers that pages of this origin may use, or None if it is not allowed.

        They do not depend on the rest of the request: the browser compares them with it, and names a header that is
        missing in its console. An error here would only tell it that the preflight failed (Fetch standard §4.8).
        """
        if self._has_oauth and route_path in CORS_PATHS:
            return _OPEN_PREFLIGHT
        origin = request.get(b"origin", b"")
        if route_path.startswith(OAUTH_PREFIX):
            return None
        if self._is_allowed(origin):
            return self._granted_with_cookies if origin in self._cookie_origins else self._granted
        if self._for_development:
            self._log_denial(origin.decode("latin-1"))
        return None

    def _is_allowed(self, origin: bytes) -> bool:
        return origin in self._all_origins or (self._for_development and is_loopback_origin(origin))

    def _log_denial(self, origin: str) -> None:
        try:
            origins = [*sorted(allowed.decode("latin-1") for allowed in self._origins), parse_origin(origin)]
        except ValueError:
            advice = "this origin can never be allowed: open the page from a web server, not from a file or a sandbox"
        else:
            advice = f"set in .env: CORS_ORIGINS='{json.dumps(origins)}'"
        log = logger.bind(event="cors:origin_denied", origin=origin, advice=advice)
        log.warning("a web page of this origin may not call the API")


def _granted(headers: Iterable[str]) -> Headers:
    return [
        (b"access-control-allow-methods", METHODS.encode()),
        (b"access-control-allow-headers", ", ".join(sorted(headers)).encode()),
        (b"access-control-max-age", str(PREFLIGHT_MAX_AGE_SECONDS).encode()),
    ]


def is_preflight(method: str, request: Mapping[bytes, bytes]) -> bool:
    """Return whether this is a CORS preflight and not a plain OPTIONS request (Fetch standard §3.3.3)."""
    return method == "OPTIONS" and b"origin" in request and b"access-control-request-method" in request
