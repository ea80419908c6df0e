"""Response bodies of the probes."""

from typing import Any, Final, Literal

import msgspec

from auth_api.kit.breaker.policy import BreakerState

CLIENT_PATH: Final = "/health/client"


class Liveness(msgspec.Struct, frozen=True):
    """The process is running."""

    status: Literal["ok"]


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """State of everything that the process depends on."""

    database: Literal["ok", "unavailable"]
    migrations: Literal["ok", "pending", "unknown"]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the instance should receive requests; `draining` means that the process is about to stop."""

    status: Literal["ready", "unavailable", "draining"]
    checks: Checks
    circuit_breakers: dict[str, BreakerState]


class SeenClient(msgspec.Struct, frozen=True, kw_only=True):
    """The client as the server sees it.

    Attributes:
        address: client IP that the server uses, for example for limits.
        peer: IP address of the other end of the connection.
        forwarded: value of the X-Forwarded-For header.
    """

    address: str | None
    peer: str | None
    forwarded: str | None


EXAMPLE_READY: dict[str, Any] = {
    "status": "ready",
    "checks": {"database": "ok", "migrations": "ok"},
    "circuit_breakers": {
        "database": {"state": "closed", "failures": 0, "retry_after": 0},
        "mail": {"state": "closed", "failures": 0, "retry_after": 0},
    },
}
EXAMPLE_NOT_READY: dict[str, Any] = {
    "status": "unavailable",
    "checks": {"database": "unavailable", "migrations": "unknown"},
    "circuit_breakers": {
        "database": {"state": "open", "failures": 5, "retry_after": 1},
        "mail": {"state": "closed", "failures": 0, "retry_after": 0},
    },
}
