"""Recovery codes as services pass them on."""

from datetime import datetime

import msgspec


class RecoveryCodeSet(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of a user: how many are unused, and the time when they were generated."""

    left: int
    created_at: datetime
