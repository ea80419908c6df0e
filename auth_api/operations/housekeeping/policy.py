"""How often housekeeping is done."""

import msgspec


class HousekeepingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """So many seconds lie between two rounds of one process; 0 leaves all of it to `auth-api cleanup`."""

    interval: int = 600
