"""Decide to which IP addresses this server may connect (CWE-918, server-side request forgery)."""

import ipaddress
from typing import Final

from auth_api.kit.http.client_ip import Address
from auth_api.kit.outbound.policy import OutboundPolicy

_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All IPv6 addresses that are assigned to hosts on the internet (RFC 4291 §2.4)."""

_SPECIAL: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "2001::/23",  # protocol assignments, among them Teredo, which contains an IPv4 address (RFC 4380)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, which contains an IPv4 address (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
"""Special networks that `is_global` accepts, at least in some versions of Python."""


def is_allowed(text: str, policy: OutboundPolicy) -> bool:
    """Return whether this server may connect to an IP address.

    Args:
        text: the address. An IPv4-mapped IPv6 address counts as the IPv4 address (RFC 4291 §2.5.5.2).
        policy: the addresses that are allowed besides the public ones.
    """
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if policy.allows_loopback and address.is_loopback:
        return True
    return is_public(address) or any(address in network for network in policy.allowed_networks)


def is_public(address: Address) -> bool:
    """Return whether a host on the internet can have this address."""
    if address.version == 6 and address not in _GLOBAL_UNICAST:  # noqa: PLR2004 - the version of the protocol
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _SPECIAL)
