"""How a breaker is set, and what it tells of itself."""

from typing import Final, Literal

import msgspec
from aiobreaker.state import CircuitBreakerState

JITTER = 0.2
"""Open periods vary by this share, so that many processes do not come back in step."""


class BreakerPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a breaker opens, and for how long.

    Attributes:
        failure_threshold: so many failures in a row open it.
        first_open_seconds: the first open period; each one without a recovery in between lasts twice as long.
        longest_open_seconds: the limit of that.
        half_open_attempts: so many calls at once may find out whether the service is back.
    """

    failure_threshold: int = 5
    longest_open_seconds: float = 60.0
    first_open_seconds: float = 1.0
    half_open_attempts: int = 1


StateName = Literal["closed", "open", "half-open"]

STATE_NAMES: Final[dict[CircuitBreakerState, StateName]] = {
    CircuitBreakerState.CLOSED: "closed",
    CircuitBreakerState.OPEN: "open",
    CircuitBreakerState.HALF_OPEN: "half-open",
}


class BreakerState(msgspec.Struct, frozen=True):
    """What `/health/ready` tells about a breaker."""

    state: StateName
    failures: int
    retry_after: int
