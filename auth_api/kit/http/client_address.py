"""Who is calling, as far as the network and trusted proxies tell."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from loguru import logger

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_WITH_PORT: Final = re.compile(r"\[([^\]]+)\](?::\d+)?|([0-9.]+):\d+")

FORWARDED: Final = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})

_NAME: Final = itemgetter(0)


class ClientAddresses:
    """Finds the address of a request's far end.

    Args:
        trusted: networks of proxies; only what such a proxy says in `X-Forwarded-For` is believed. Empty: nobody.
    """

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)
        self._has_warned = False

    def find(self, scope: Mapping[str, Any]) -> str | None:
        """Return the address in canonical text, or None where the peer has none (a Unix socket).

        The header is walked from the right, as each proxy appends whom it saw: the first hop that is no trusted proxy
        is the client. What is no address ends the walk; it never becomes anybody's key.
        """
        client = scope.get("client")
        nearest = client[0] if client else ""
        if not self._is_trusted(nearest):
            self._warn_once(scope)
            return _text(nearest)
        for hop in reversed(_hops(scope)):
            if _parse(hop) is None:
                break
            nearest = hop
            if not self._is_trusted(hop):
                break
        return _text(nearest)

    def peer_is_trusted(self, scope: Mapping[str, Any]) -> bool:
        """Tell whether the request came through a trusted proxy, whose other headers may be believed."""
        client = scope.get("client")
        return client is not None and self._is_trusted(client[0])

    def _is_trusted(self, peer: str) -> bool:
        address = _parse(peer) if self._trusted else None
        return address is not None and any(address in network for network in self._trusted)

    def _warn_once(self, scope: Mapping[str, Any]) -> None:
        if not (self._trusted or self._has_warned or FORWARDED.isdisjoint(map(_NAME, scope["headers"]))):
            self._has_warned = True
            logger.warning("forwarded headers arrive and are ignored: set TRUSTED_PROXIES if they come from a proxy")


def _hops(scope: Mapping[str, Any]) -> list[str]:
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop.strip() for hop in b",".join(values).decode("latin-1").split(",")] if values else []


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address | None:
    """Read an address, also one with a port (`192.0.2.1:443`, `[2001:db8::1]:443`) or a zone."""
    match = _WITH_PORT.fullmatch(text)
    bare = (match[1] or match[2]) if match else text
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def _text(address: str) -> str | None:
    """Write an address in its canonical form."""
    parsed = _parse(address)
    return str(parsed) if parsed is not None else None
