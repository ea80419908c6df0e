"""Settings of housekeeping."""

from typing import Annotated

import msgspec

from auth_api.kit.setting import Setting


class HousekeepingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often a process removes expired rows."""

    interval: Annotated[
        int,
        Setting(
            "HOUSEKEEPING_INTERVAL",
            "Time between two removals of expired rows; `0` leaves them to `auth-api cleanup`.",
            minimum=0,
            maximum=86400,
            unit="seconds",
        ),
    ] = 600
