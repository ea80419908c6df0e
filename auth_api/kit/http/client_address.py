"""Who is calling, as far as the network tells."""

import ipaddress
from collections.abc import Mapping
from typing import Any


def client_address(scope: Mapping[str, Any]) -> str | None:
    """Return the peer's address in canonical text, or None where it is not an IP address (a Unix socket).

    Forwarded headers are not looked at: anybody can send them.
    """
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0]) if client else None
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address) if address is not None else None
