"""The network behind an address: who has one IPv6 address has its /64 (RFC 6177), and can use a new one each time."""

import ipaddress
from functools import lru_cache

IPV6_PREFIX = 64


@lru_cache(maxsize=4096)
def network_of(address: str | None) -> str:
    """Return what counts as one caller: an IPv4 address, an IPv6 /64, or `unknown`."""
    if address is None:
        return "unknown"
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(parsed)
