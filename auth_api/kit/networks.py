"""The network behind a client IP.

An IPv6 client usually has a /64 network (RFC 6177) and can use a new address for each request.
"""

import ipaddress
from functools import lru_cache

IPV6_PREFIX_BITS = 64


@lru_cache(maxsize=4096)
def network_of(client_ip: str | None) -> str:
    """Return what counts as one client: an IPv4 address, an IPv6 /64 network, or `unknown` for None."""
    if client_ip is None:
        return "unknown"
    parsed = ipaddress.ip_address(client_ip)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((client_ip, IPV6_PREFIX_BITS), strict=False))
    return str(parsed)
