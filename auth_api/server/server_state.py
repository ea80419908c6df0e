"""State that all connections of a process share."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Final, Protocol

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from auth_api.kit.deadlines import Deadlines
from auth_api.kit.http.client_ip import canonical_ip
from auth_api.kit.networks import network_of
from auth_api.server.policy import ServerPolicy

GRACE_SECONDS: Final = 1.0
"""Time that a connection has for request headers, and for a body, even if the process has reached its limit."""

SHARES: Final = 4
"""A network that has more than this part of all connections gives way to others if the process has reached its limit,
so that a few addresses cannot keep all others out."""


class TimedConnection(Protocol):
    """A connection that is closed if a request does not arrive in time."""

    transport: asyncio.Transport
    client: tuple[str, int] | None
    cycle: RequestResponseCycle | None

    def on_header_timeout(self) -> None:
        """Handle request headers that are not complete in time."""

    def on_body_timeout(self) -> None:
        """Handle a request body that is not complete in time."""


class LimitedServerState(ServerState):
    """uvicorn's server state, with time limits and a connection limit.

    Args:
        policy: the limits.
    """

    def __init__(self, policy: ServerPolicy) -> None:
        super().__init__()
        self.is_draining = False
        """Whether the process is about to stop: every response closes its connection."""
        self.headers: Deadlines[TimedConnection] = Deadlines(policy.header_timeout, lambda c: c.on_header_timeout())
        self.bodies: Deadlines[TimedConnection] = Deadlines(policy.body_timeout, lambda c: c.on_body_timeout())
        self._max_connections = policy.max_connections
        self._networks: dict[TimedConnection, str] = {}
        self.places: Counter[str] = Counter()
        """Number of connections by network, without those of trusted proxies, which carry requests of many clients."""
        self.is_trusted_proxy: Callable[[str], bool] = lambda _: False
        """Returns whether this IP address is one of TRUSTED_PROXIES; the application knows it."""

    def has_room(self, newest: TimedConnection) -> bool:
        """Count the newest connection, and return whether it may stay.

        If the limit is reached, connections without a complete request are dropped for it: those that have been sending
        headers longest, then bodies, then those of networks that have more than their share, also between requests.
        """
        if newest.client is not None and not self.is_trusted_proxy(newest.client[0]):
            self._networks[newest] = network = network_of(canonical_ip(newest.client[0]))
            self.places[network] += 1
        while len(self.connections) > self._max_connections:
            slowest = self.headers.oldest(after=GRACE_SECONDS) or self.bodies.oldest(after=GRACE_SECONDS)
            dropped = slowest or self._one_above_its_share(newest)
            if dropped is None:
                return False
            dropped.transport.abort()
            self.release(dropped)
            self.connections.discard(dropped)
        return True

    def release(self, connection: TimedConnection) -> None:
        """Forget a connection that is closed."""
        self.headers.stop(connection)
        self.bodies.stop(connection)
        if (network := self._networks.pop(connection, None)) is not None:
            self.places[network] -= 1
            if not self.places[network]:
                del self.places[network]

    def _one_above_its_share(self, newest: TimedConnection) -> TimedConnection | None:
        share = self._max_connections // SHARES
        crowded = {network for network, number in self.places.items() if number > share}
        if not crowded or self._networks.get(newest) in crowded:
            return None
        droppable = chain(self.bodies, self.headers, filter(_is_between_requests, self._networks))
        return next((connection for connection in droppable if self._networks.get(connection) in crowded), None)

    def can_send_refusal(self) -> bool:
        """Return whether the newest connection may stay until it has received a 503 response."""
        return len(self.connections) <= 2 * self._max_connections


def _is_between_requests(connection: TimedConnection) -> bool:
    return connection.cycle is not None and connection.cycle.response_complete
