"""Settings of the admin API."""

from typing import Annotated

import msgspec

from auth_api.kit.http.client_ip import Network, parse_network
from auth_api.kit.setting import Setting


class AdministrationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """From where the admin API can be reached."""

    networks: Annotated[
        tuple[Network, ...],
        Setting(
            "ADMIN_NETWORKS",
            "Networks from which `/api/admin` can be reached; for other clients it does not exist.",
            parse=parse_network,
            accepts="list of IP networks",
            example='["10.0.0.0/8"]',
            default_text="all",
        ),
    ] = ()
