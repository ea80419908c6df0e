"""Find the client's IP address, through trusted proxies."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from loguru import logger

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

FORWARDED_HEADERS: Final = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})

MAX_ENTRY_CHARACTERS: Final = 100
"""Longest entry of `X-Forwarded-For` that is parsed, with zone and port: results are cached by their text."""

_MAPPED_PREFIX_BITS: Final = 96
"""Of `::ffff:0:0/96`, the IPv4-mapped addresses (RFC 4291 §2.5.5.2)."""

_IP_WITH_PORT: Final = re.compile(r"\[([^\]]+)\](?::\d+)?|([0-9.]+):\d+")
_header_name: Final = itemgetter(0)


class ClientIpResolver:
    """Finds the IP address of the client that sent a request.

    Args:
        trusted_proxies: networks of proxies whose `X-Forwarded-For` is used; if empty, the header is always ignored.
    """

    def __init__(self, trusted_proxies: Sequence[Network]) -> None:
        self._trusted = tuple(trusted_proxies)
        self._has_warned = False

    def resolve(self, scope: Mapping[str, Any]) -> str | None:
        """Return the IP address in canonical form, or None if the peer has none (a Unix socket).

        Each proxy appends the address of its own peer to `X-Forwarded-For`. So the header is read from the right, and
        the first address that does not belong to a trusted proxy is the client's. An entry that is not an IP address
        ends the search: it must never become the key of a limit.
        """
        peer = scope.get("client")
        nearest = peer[0] if peer else ""
        if not self.is_trusted(nearest):
            self._warn_once(scope)
            return canonical_ip(nearest)
        for hop in reversed(_forwarded_for(scope)):
            if len(hop) > MAX_ENTRY_CHARACTERS or _parse(hop) is None:
                break
            nearest = hop
            if not self.is_trusted(hop):
                break
        return canonical_ip(nearest)

    def has_trusted_peer(self, scope: Mapping[str, Any]) -> bool:
        """Return whether the request came from a trusted proxy, so that its other headers can be used, too."""
        peer = scope.get("client")
        return peer is not None and self.is_trusted(peer[0])

    def is_trusted(self, ip: str) -> bool:
        """Return whether an IP address belongs to a trusted proxy."""
        return bool(self._trusted) and is_in(ip, self._trusted)

    def _warn_once(self, scope: Mapping[str, Any]) -> None:
        if not (self._trusted or self._has_warned or FORWARDED_HEADERS.isdisjoint(map(_header_name, scope["headers"]))):
            self._has_warned = True
            logger.bind(event="forwarded_headers:ignored").warning(
                "requests have forwarded headers, which are ignored: if a proxy sends them, set TRUSTED_PROXIES"
            )


def is_in(ip: str | None, networks: Sequence[Network]) -> bool:
    """Return whether an IP address belongs to one of the networks; False without an address (a Unix socket)."""
    address = _parse(ip) if ip is not None else None
    return address is not None and any(address in network for network in networks)


def parse_network(text: str) -> Network:
    """Return a network; raise a ValueError otherwise. IPv4-mapped addresses become IPv4 addresses, as those of clients.

    `::ffff:10.0.0.0/104` is `10.0.0.0/8` (RFC 4291 §2.5.5.2).
    """
    try:
        network = ipaddress.ip_network(text)
        mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
        if mapped is not None and network.prefixlen >= _MAPPED_PREFIX_BITS:
            return ipaddress.ip_network((mapped, network.prefixlen - _MAPPED_PREFIX_BITS))
    except ValueError as error:
        message = "must list IP networks, not host names"
        raise ValueError(message) from error
    return network


def _forwarded_for(scope: Mapping[str, Any]) -> list[str]:
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop.strip() for hop in b",".join(values).decode("latin-1").split(",")] if values else []


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address | None:
    """Parse an IP address, also one with a port (`192.0.2.1:443`, `[2001:db8::1]:443`) or a zone."""
    match = _IP_WITH_PORT.fullmatch(text)
    bare = (match[1] or match[2]) if match else text
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def canonical_ip(ip: str) -> str | None:
    """Return an IP address in canonical form, without a zone, or None for other text."""
    address = _parse(ip)
    return str(address) if address is not None else None
