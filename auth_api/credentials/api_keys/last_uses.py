"""Remembers when keys were used, and writes it to the database once per minute: not with each request."""

from datetime import datetime
from typing import Final

import msgspec

from auth_api.credentials.api_keys import repository
from auth_api.kit.clock import Clock

WRITE_SECONDS: Final = 60.0
"""Pause between two writes. A process that is killed loses the uses since the last one."""


class LastUse(msgspec.Struct, frozen=True):
    """A use of a key."""

    used_at: datetime
    ip_address: str | None


class LastUses:
    """The uses of keys by requests to this process that are not in the database yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._unwritten: dict[int, LastUse] = {}

    def note(self, key_id: int, client_ip: str | None) -> None:
        """Remember that a key was used now."""
        self._unwritten[key_id] = LastUse(self._clock(), client_ip)

    async def write(self) -> float:
        """Write the remembered uses, and return the pause until the next time in seconds.

        A use stays remembered until it is written, so an outage of the database loses none.
        """
        for key_id, use in list(self._unwritten.items()):
            await repository.record_use(key_id, use.used_at, use.ip_address)
            if self._unwritten.get(key_id) is use:
                del self._unwritten[key_id]
        return WRITE_SECONDS
