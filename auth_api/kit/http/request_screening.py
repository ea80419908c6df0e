"""Which requests are refused before anything else is done for them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from auth_api.kit.errors import (
    ApplicationException,
    HeadersTooLargeException,
    HostNotAllowedException,
    HttpsRequiredException,
    MalformedRequestException,
    PayloadTooLargeException,
    RateLimitedException,
    UriTooLongException,
)
from auth_api.kit.gcra import Gcra
from auth_api.kit.http.client_address import ClientAddresses
from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of

MAX_URI_LENGTH: Final = 4096
MAX_HEADERS_LENGTH: Final = 16 * 1024
MAX_HEADERS: Final = 100
MAX_BODY_LENGTH: Final = 64 * 1024
MAX_DIGITS: Final = 20

METRICS: Final = "metrics"
_FLOOD_REFUSALS: Final = LIMIT_REFUSALS.labels("flood")

_HOST: Final = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]*)?")
_SINGLE: Final = frozenset({b"host", b"content-length", b"content-type", b"transfer-encoding"})


class RequestScreening:
    """Judges size, rate, host and scheme of a request.

    Probes under `/health/` may use any host and scheme: they come by address, from beside the server. So does who
    scrapes `/metrics`, but with a token, which must not have crossed a network in the clear: any host, and the scheme
    counts. Scrapes have a rate of their own: the flood that they are to show must not refuse them.

    Args:
        addresses: tells through whom a request came.
        allowed_hosts: values of `Host` that are answered; empty means any.
        https_only: refuse what a trusted proxy got by http.
        floods: the rate that one network may have in this process, in front of all limits that cost a query;
            None for no limit.
    """

    def __init__(
        self,
        addresses: ClientAddresses,
        *,
        allowed_hosts: Sequence[str] = (),
        https_only: bool = False,
        floods: Gcra | None = None,
    ) -> None:
        self._addresses = addresses
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._https_only = https_only
        self._floods = floods

    def refusal(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], address: str | None
    ) -> ApplicationException | None:
        """Return why the request is not taken, or None."""
        if (oversize := _oversize(scope, headers)) is not None:
            return oversize
        lacks_host = scope.get("http_version") == "1.1" and b"host" not in headers  # RFC 9112 §3.2
        if lacks_host or _is_ambiguous(scope["headers"], headers):
            return MalformedRequestException()
        path = scope["path"].lstrip("/")
        is_scrape = path.rstrip("/") == METRICS
        caller = f"{METRICS} {network_of(address)}" if is_scrape else network_of(address)
        if self._floods is not None and (seconds := self._floods.wait(caller)) > 0:
            _FLOOD_REFUSALS.inc()
            return RateLimitedException(seconds)
        is_probe = path.startswith("health/")
        return None if is_probe else self._refusal_by_name(scope, headers, any_host=is_scrape)

    def _refusal_by_name(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], *, any_host: bool
    ) -> ApplicationException | None:
        is_restricted = self._allowed_hosts and not any_host
        if is_restricted and _host(headers.get(b"host", b"")) not in self._allowed_hosts:
            return HostNotAllowedException()
        if self._https_only and self._came_by_http(scope, headers):
            return HttpsRequiredException()
        return None

    def _came_by_http(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
        return headers.get(b"x-forwarded-proto", b"").lower() == b"http" and self._addresses.peer_is_trusted(scope)


def _oversize(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> ApplicationException | None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_URI_LENGTH:
        return UriTooLongException()
    lines = scope["headers"]
    if len(lines) > MAX_HEADERS or sum(map(len, chain.from_iterable(lines))) > MAX_HEADERS_LENGTH:
        return HeadersTooLargeException()
    length = headers.get(b"content-length", b"")  # what is no number is for whoever reads the body
    is_longer = length.isdigit() and (len(length) > MAX_DIGITS or int(length) > MAX_BODY_LENGTH)
    return PayloadTooLargeException() if is_longer else None


def _is_ambiguous(lines: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether two readers could see two requests: two lengths (RFC 9112 §6.3), or two of what there is one of."""
    if b"content-length" in headers and b"transfer-encoding" in headers:
        return True
    if len(lines) == len(headers):  # as nearly always: no name stands there twice
        return False
    names = [name for name, _ in lines if name in _SINGLE]
    return len(set(names)) < len(names)


@lru_cache(maxsize=64)
def _host(header: bytes) -> str:
    """Return the name or address in lower case and without the port; an IPv6 address keeps its brackets."""
    text = header.decode("latin-1").lower()
    match = _HOST.fullmatch(text)
    return match[1] if match else ""
