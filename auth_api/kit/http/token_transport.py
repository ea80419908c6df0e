"""Cookie mode of the API: the refresh token is in an `HttpOnly` cookie instead of the bodies (RFC 6265).

The browser sends the cookie by itself, so every request in this mode must come from an allowed origin (CWE-352, ASVS
V3.5.1). Its header `Token-Transport` is not among those that CORS allows to every page (Fetch standard §2.2.2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec
from litestar.types import Message, Receive, Scope, Send

from auth_api.kit.cookie_mode import COOKIE_MODE, CookieMode
from auth_api.kit.crypto.tokens import REFRESH_TOKEN, SecretKind
from auth_api.kit.errors import ApplicationException, CrossSiteRequestException, FieldError, ValidationException
from auth_api.kit.http.host_cookie import HostCookie
from auth_api.kit.http.same_origin import CROSS_SITE, ORIGIN_MISSING, ORIGIN_NOT_ALLOWED
from auth_api.kit.metrics import CROSS_SITE_REFUSALS

TOKEN_TRANSPORT: Final = b"token-transport"

API: Final = "/api/"

_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_OWN_SITES: Final[Sequence[list[bytes]]] = ([], [b"same-origin"], [b"same-site"])
_SUCCESS: Final = range(200, 300)

_Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshCookie(HostCookie):
    """The cookie with the refresh token. Applications on sibling hosts send it, as they belong to the same site."""

    base_name: ClassVar[str] = "auth_refresh"
    kind: ClassVar[SecretKind] = REFRESH_TOKEN
    same_site: ClassVar[str] = "Strict"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTransport:
    """Checks requests in cookie mode, and moves refresh tokens between their cookie and the application.

    Attributes:
        cookie: the refresh cookie.
        origins: the origins whose pages may send requests in cookie mode, as browsers send them.
    """

    cookie: RefreshCookie
    origins: frozenset[bytes]

    def refusal(self, headers: _Headers, method: str) -> ApplicationException | None:
        """Return the error to respond with, or None for a request that may go on.

        Args:
            headers: of the request, with names in lower case.
            method: of the request. Browsers leave `Origin` out of a GET and HEAD to the same origin.
        """
        if _values(headers, TOKEN_TRANSPORT) != [b"cookie"]:
            error = FieldError("Token-Transport", "unsupported", "Must be `cookie`, or absent.")
            return ValidationException([error])
        if (rule := self._cross_site_rule(headers, method)) is None:
            return None
        CROSS_SITE_REFUSALS.labels("cookie_mode", rule).inc()
        return CrossSiteRequestException(rule)

    async def respond(self, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application respond to a request in cookie mode that was not refused."""
        values = self.cookie.values(scope["headers"])
        mode = CookieMode(refresh_token=None if not values else values[0] if len(values) == 1 else "")
        token = COOKIE_MODE.set(mode)
        try:
            await app(scope, receive, _CookieSender(self.cookie, mode, send))
        finally:
            COOKIE_MODE.reset(token)

    def _cross_site_rule(self, headers: _Headers, method: str) -> str | None:
        origins = _values(headers, b"origin")
        if not origins and method not in _SAFE_METHODS:
            return ORIGIN_MISSING
        if len(origins) > 1 or not self.origins.issuperset(origins):
            return ORIGIN_NOT_ALLOWED
        sites = _values(headers, b"sec-fetch-site")
        if len(sites) > 1:
            return ORIGIN_NOT_ALLOWED
        return None if sites in _OWN_SITES else CROSS_SITE


class _TokenPair(msgspec.Struct, frozen=True):
    """The members of every response with a refresh token that concern the cookie."""

    refresh_token: str
    refresh_expires_in: int


class _CookieSender:
    """Moves the refresh token of a successful response from its body to the cookie."""

    def __init__(self, cookie: RefreshCookie, mode: CookieMode, send: Send) -> None:
        self._cookie = cookie
        self._mode = mode
        self._send = send
        self._start: Any = None

    async def __call__(self, message: Message) -> None:
        """Send a message of the application; the start of a successful response waits for its body."""
        if message["type"] == "http.response.start" and message["status"] in _SUCCESS:
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            message = self._carry(start, message)
            await self._send(start)
        await self._send(message)

    def _carry(self, start: Any, message: Any) -> Any:
        """Add the cookie to the start of the response if there is one to set or delete. Return the body to send."""
        lines = [line for line in start["headers"] if line[0].lower() != b"content-length"]
        if self._mode.has_ended:
            start["headers"] = [*start["headers"], (b"set-cookie", self._cookie.delete().encode())]
        elif b'"refresh_token"' in message["body"] and (taken := _take_token(message["body"])) is not None:
            raw, max_age, body = taken
            set_cookie = (b"set-cookie", self._cookie.set(raw, max_age).encode())
            start["headers"] = [*lines, (b"content-length", str(len(body)).encode()), set_cookie]
            return {**message, "body": body}
        return message


def _take_token(body: bytes) -> tuple[str, int, bytes] | None:
    """Return the refresh token of a token pair, its lifetime in seconds, and the body without it; None for others."""
    try:
        pair = msgspec.json.decode(body, type=_TokenPair)
    except msgspec.DecodeError:
        return None
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    del members["refresh_token"]
    return pair.refresh_token, pair.refresh_expires_in, msgspec.json.encode(members)


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for each, value in headers if each == name]
