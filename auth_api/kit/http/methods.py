"""The methods of requests, as the application sees them and as `Allow` states them."""

import re
from typing import Final

_FOR_APPLICATION: Final = {
    "HEAD": "GET",  # the same checks and headers; the body of the response is left out
    "OPTIONS": "TRACE",  # no route offers it: 405 with a correct `Allow`, where Litestar would respond with 204
}

_CHANGED_BY_GET: Final = re.compile(
    r"(?:/api/auth/providers/[^/]+/(?:start|callback)|/account/login/provider"
    r"|/oauth2/authorize(?:/response)?|/oauth2/logout|/account/authorize)/?"
)
"""Paths whose GET uses up what a browser comes back with. HEAD is refused: programs send it to look at a link."""


def method_for_application(method: str, route_path: str) -> str:
    """Return the method with which the application handles a request."""
    if method == "HEAD" and _CHANGED_BY_GET.fullmatch(route_path) is not None:
        return method  # no route offers it
    return _FOR_APPLICATION.get(method, method)


def offered_methods(allow: bytes, route_path: str) -> bytes:
    """Return the methods of Litestar's `Allow`, without OPTIONS (offered only for CORS), with HEAD beside GET."""
    methods = {method.strip() for method in allow.split(b",")} - {b"OPTIONS", b""}
    has_head = b"GET" in methods and _CHANGED_BY_GET.fullmatch(route_path) is None
    return b", ".join(sorted(methods | ({b"HEAD"} if has_head else set())))
