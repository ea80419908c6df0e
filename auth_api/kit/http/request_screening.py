"""Refuse requests at the edge by size, form, rate, host and scheme, before any other work is done for them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Protocol

from auth_api.kit.errors import (
    ApplicationException,
    MalformedRequestException,
    PayloadTooLargeException,
    RateLimitedException,
)
from auth_api.kit.gcra import Gcra
from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.http.errors import (
    HeadersTooLargeException,
    HostNotAllowedException,
    HttpsRequiredException,
    UriTooLongException,
)
from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of

MAX_URI_BYTES: Final = 4096
MAX_HEADER_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 100
MAX_BODY_BYTES: Final = 64 * 1024

_MAX_CONTENT_LENGTH_DIGITS: Final = 20
_METRICS: Final = "metrics"
_FLOOD_REFUSALS: Final = LIMIT_REFUSALS.labels("flood")

_HOST: Final = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]*)?")
_SINGLETON_HEADERS: Final = frozenset({b"host", b"content-length", b"content-type", b"transfer-encoding"})


class KeyLimit(Protocol):
    """The limit of programs that have one of their own."""

    def wait(self, headers: Mapping[bytes, bytes]) -> float | None:
        """Count a request; return the seconds to wait, or None if another limit counts it."""


class RequestScreening:
    """Checks a request by its method, URL and headers.

    Probes (`/health/…`) may use any host and scheme: they come from the same network and address the server by IP.
    Scrapes of `/metrics` may use any host, too, but carry a token, so that the scheme is checked. They have a rate of
    their own, so that a flood cannot keep its metrics from being read.

    Args:
        client_ip_resolver: knows the trusted proxies.
        allowed_hosts: accepted values of `Host`; empty accepts any.
        https_only: refuse requests that a trusted proxy received over plain HTTP.
        key_limit: the request rate of programs with a limit of their own, in place of `flood_limit`.
        flood_limit: the request rate of one network in this process, checked before the limits that need a database
            query; None for no limit.
    """

    def __init__(
        self,
        client_ip_resolver: ClientIpResolver,
        *,
        allowed_hosts: Sequence[str] = (),
        https_only: bool = False,
        flood_limit: Gcra | None = None,
        key_limit: KeyLimit | None = None,
    ) -> None:
        self._client_ip_resolver = client_ip_resolver
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._https_only = https_only
        self._flood_limit = flood_limit
        self._key_limit = key_limit

    def refusal(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], client_ip: str | None
    ) -> ApplicationException | None:
        """Return the error to respond with, or None for a request that may go on."""
        if (oversize := _size_error(scope, headers)) is not None:
            return oversize
        lacks_host = scope.get("http_version") == "1.1" and b"host" not in headers  # RFC 9112 §3.2
        if lacks_host or _is_ambiguous(scope["headers"], headers):
            return MalformedRequestException()
        path = scope["path"].lstrip("/")
        is_scrape = path.rstrip("/") == _METRICS
        key = f"{_METRICS} {network_of(client_ip)}" if is_scrape else network_of(client_ip)
        seconds = self._key_limit.wait(headers) if self._key_limit is not None else None
        if seconds is None:
            seconds = self._flood_limit.wait(key) if self._flood_limit is not None else 0.0
        if seconds > 0:
            _FLOOD_REFUSALS.inc()
            return RateLimitedException(seconds)
        is_probe = path.startswith("health/")
        return None if is_probe else self._host_or_scheme_error(scope, headers, any_host=is_scrape)

    def _host_or_scheme_error(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], *, any_host: bool
    ) -> ApplicationException | None:
        is_restricted = self._allowed_hosts and not any_host
        if is_restricted and _host(headers.get(b"host", b"")) not in self._allowed_hosts:
            return HostNotAllowedException()
        if self._https_only and self._came_over_plain_http(scope, headers):
            return HttpsRequiredException()
        return None

    def _came_over_plain_http(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
        is_plain = headers.get(b"x-forwarded-proto", b"").lower() == b"http"
        return is_plain and self._client_ip_resolver.has_trusted_peer(scope)


def _size_error(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> ApplicationException | None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_URI_BYTES:
        return UriTooLongException()
    lines = scope["headers"]
    if len(lines) > MAX_HEADERS or sum(map(len, chain.from_iterable(lines))) > MAX_HEADER_BYTES:
        return HeadersTooLargeException()
    length = headers.get(b"content-length", b"")  # the reader of the body rejects a value that is not a number
    is_too_long = length.isdigit() and (len(length) > _MAX_CONTENT_LENGTH_DIGITS or int(length) > MAX_BODY_BYTES)
    return PayloadTooLargeException() if is_too_long else None


def _is_ambiguous(lines: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes]) -> bool:
    """Return whether two parsers could read two different requests (request smuggling).

    That is so with two lengths (RFC 9112 §6.3), and with a repeated header that may occur only once.
    """
    if b"content-length" in headers and b"transfer-encoding" in headers:
        return True
    if len(lines) == len(headers):  # the common case: no header is repeated
        return False
    names = [name for name, _ in lines if name in _SINGLETON_HEADERS]
    return len(set(names)) < len(names)


@lru_cache(maxsize=64)
def _host(header: bytes) -> str:
    """Return the host of a `Host` header in lower case, without the port; an IPv6 address keeps its brackets."""
    text = header.decode("latin-1").lower()
    match = _HOST.fullmatch(text)
    return match[1] if match else ""
