"""Settings and states of a circuit breaker."""

from typing import Annotated, Final, Literal

import msgspec
from aiobreaker.state import CircuitBreakerState

from auth_api.kit.setting import Setting

JITTER = 0.2
"""Share by which open periods vary, so that processes do not retry in lockstep."""


class BreakerPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a breaker opens, and for how long.

    Attributes:
        first_open_seconds: the first open period; each further one without a recovery is twice as long.
    """

    failure_threshold: Annotated[
        int,
        Setting(
            "CIRCUIT_BREAKER_THRESHOLD",
            "Consecutive failures of the database, the mail server or a provider that open its circuit breaker.",
            minimum=1,
        ),
    ] = 5
    longest_open_seconds: Annotated[
        float,
        Setting(
            "CIRCUIT_BREAKER_TIMEOUT",
            "Longest open period; the first one lasts a second and each further one twice as long.",
            minimum=1,
            unit="seconds",
        ),
    ] = 60.0
    first_open_seconds: float = 1.0
    half_open_attempts: Annotated[
        int,
        Setting(
            "CIRCUIT_BREAKER_HALF_OPEN_ATTEMPTS",
            "Concurrent calls after an open period that test whether the service has recovered.",
            minimum=1,
        ),
    ] = 1


StateName = Literal["closed", "open", "half-open"]

STATE_NAMES: Final[dict[CircuitBreakerState, StateName]] = {
    CircuitBreakerState.CLOSED: "closed",
    CircuitBreakerState.OPEN: "open",
    CircuitBreakerState.HALF_OPEN: "half-open",
}


class BreakerState(msgspec.Struct, frozen=True):
    """State of a breaker as `/health/ready` returns it."""

    state: StateName
    failures: int
    retry_after: int
