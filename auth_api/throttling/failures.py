"""Failed attempts, as other packages see them."""

from datetime import datetime

import msgspec


class FailedAttempts(msgspec.Struct, frozen=True, kw_only=True):
    """Recent attempts with a wrong password.

    Attributes:
        network: the network that they came from. None for the count over all networks, which does not block networks
            that the user has used recently.
        count: number of attempts.
        blocked_until: end of the wait; None if further attempts are admitted.
    """

    network: str | None
    count: int
    blocked_until: datetime | None
