"""Limits on requests of applications, in the memory of each process.

Failures count per IP address, and requests of applications with a secret per application: a right secret is never
refused because others on the same network have sent wrong ones.
"""

from collections.abc import Mapping
from typing import Final

from auth_api.kit.clock import Monotonic, monotonic
from auth_api.kit.errors import RateLimitedException
from auth_api.kit.gcra import Gcra
from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of
from auth_api.throttling.policy import MINUTE, ThrottlingPolicy

FAILURES: Final = "oauth_failures"
PUBLIC_CLIENTS: Final = "oauth_public_clients"
CLIENTS: Final = "oauth_clients"
INTROSPECTION: Final = "oauth_introspection"

REQUESTS_PER_MINUTE: Final[Mapping[str, int]] = {
    FAILURES: 60,
    PUBLIC_CLIENTS: 300,
    CLIENTS: 6000,
    INTROSPECTION: 30_000,
}
"""Before `RATE_LIMIT_FACTOR` is applied: the first two per IP address, the others per application."""


class ClientRateLimits:
    """Counts requests of applications.

    Args:
        policy: switches limits off, or multiplies them.
        clock: monotonic seconds.
    """

    def __init__(self, policy: ThrottlingPolicy, clock: Monotonic = monotonic) -> None:
        self._is_enabled = policy.enabled
        numbers = {name: number * policy.factor for name, number in REQUESTS_PER_MINUTE.items()}
        self._limits = {name: Gcra(number / MINUTE, number, clock) for name, number in numbers.items()}
        self._recorded = Gcra(1 / MINUTE, 1, clock)
        for name in REQUESTS_PER_MINUTE:
            LIMIT_REFUSALS.labels(name)  # so that it exists before the first refusal

    def count_by_network(self, name: str, client_ip: str | None) -> None:
        """Count a request of an IP address.

        Raises:
            RateLimitedException: it exceeds the limit.
        """
        self._count(name, network_of(client_ip))

    def count_by_client(self, name: str, client_id: str) -> None:
        """Count a request of an application that has proved its secret.

        Raises:
            RateLimitedException: it exceeds the limit.
        """
        self._count(name, client_id)

    def is_worth_recording(self, client_id: str) -> bool:
        """Return whether no failure of an application was recorded in the last minute, and count one."""
        return self._recorded.wait(client_id) == 0

    def _count(self, name: str, subject: str) -> None:
        if self._is_enabled and (seconds := self._limits[name].wait(subject)) > 0:
            LIMIT_REFUSALS.labels(name).inc()
            raise RateLimitedException(seconds)
