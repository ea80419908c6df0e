"""Settings of calls to other servers."""

import ipaddress
from typing import Annotated, Final

import msgspec

from auth_api.kit.http.client_ip import Network, parse_network
from auth_api.kit.setting import Setting

_LINK_LOCAL: Final = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
"""Clouds serve the credentials of a machine at such addresses."""


def _parse_allowed(text: str) -> Network:
    network = parse_network(text)
    if any(network.version == each.version and network.overlaps(each) for each in _LINK_LOCAL):
        message = "must not contain link-local addresses (169.254.0.0/16, fe80::/10)"
        raise ValueError(message)
    return network


class OutboundPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which addresses this server may connect to.

    Attributes:
        allows_loopback: whether loopback addresses are allowed, also over http.
    """

    allowed_networks: Annotated[
        tuple[Network, ...],
        Setting(
            "OUTBOUND_ALLOWED_NETWORKS",
            "Networks that are not public, but in which this server may connect to identity providers.",
            parse=_parse_allowed,
            accepts="list of IP networks without link-local addresses",
            example='["10.20.0.0/16"]',
        ),
    ] = ()
    allows_loopback: bool = False
