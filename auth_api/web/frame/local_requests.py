"""Pages that only a browser on the machine of the server may open."""

import ipaddress
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.scope_keys import request_context_of

_PROXY_HEADERS: Final = frozenset({"forwarded", "via", "x-real-ip"})
"""Headers that proxies add, beside `X-Forwarded-…`."""


def require_local_request(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Allow only requests from this machine, since a server may run in development mode by mistake.

    These pages give access to every account. A request is local if its peer is a loopback address, no
    proxy forwarded it, and `Host` is an IP address or `localhost`. Any other name could belong to an attacker's domain
    that resolves to this machine (DNS rebinding). nginx with nothing but `proxy_pass` adds no header and replaces
    `Host`, but sends HTTP/1.0 (until version 1.29.7), which no browser does.

    Raises:
        NotFoundException: the request is not local.
    """
    headers = connection.headers
    is_forwarded = (
        any(name.startswith("x-forwarded-") or name in _PROXY_HEADERS for name in headers)
        or connection.scope["http_version"] == "1.0"
    )
    is_from_loopback = _is_loopback(request_context_of(connection.scope).client_ip)
    if is_forwarded or not is_from_loopback or not _is_local_host(headers.get("host", "")):
        raise NotFoundException


def _is_loopback(ip: str | None) -> bool:
    return ip is not None and ipaddress.ip_address(ip).is_loopback


def _is_local_host(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
