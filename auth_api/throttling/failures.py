"""What the throttle holds against an account."""

from datetime import datetime

import msgspec


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts with a wrong password that are not forgotten yet.

    Attributes:
        network: from where; None for all of them together, of which networks that the owner has used are spared.
        count: how many.
        blocked_until: until when further ones are refused; None if they are not.
    """

    network: str | None
    count: int
    blocked_until: datetime | None
