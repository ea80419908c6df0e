"""What goes over the wire to probes."""

from typing import Any, Final, Literal

import msgspec

from auth_api.kit.breaker.policy import BreakerState

CLIENT_PATH: Final = "/health/client"


class Liveness(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"]


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What the process depends on: `ok`, or what is wrong."""

    database: Literal["ok", "unavailable"]
    migrations: Literal["ok", "pending", "unknown"]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests should be sent here: `ready`, `unavailable`, or `draining` before the process ends."""

    status: Literal["ready", "unavailable", "draining"]
    checks: Checks
    circuit_breakers: dict[str, BreakerState]


class SeenClient(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking: who it is taken for, who opened the connection, and what was forwarded."""

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
