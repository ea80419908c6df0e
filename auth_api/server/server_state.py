"""State that all connections of a process share."""

import asyncio
from typing import Final, Protocol

from uvicorn.server import ServerState

from auth_api.kit.deadlines import Deadlines
from auth_api.server.policy import ServerPolicy

MIN_HEADER_SECONDS: Final = 1.0
"""Time that every connection has for its request headers, even if the process has reached its connection limit."""


class TimedConnection(Protocol):
    """A connection that is closed if a request does not arrive in time."""

    transport: asyncio.Transport

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

    def has_room(self) -> bool:
        """Return whether the newest connection may stay.

        If the limit is reached, the connection that has been sending its headers longest is dropped first.
        """
        if len(self.connections) > self._max_connections:
            slowest = self.headers.oldest(after=MIN_HEADER_SECONDS)
            if slowest is not None:
                slowest.transport.abort()
                self.headers.stop(slowest)
                self.connections.discard(slowest)
        return len(self.connections) <= self._max_connections

    def can_send_refusal(self) -> bool:
        """Return whether the newest connection may stay until it has received a 503 response."""
        return len(self.connections) <= 2 * self._max_connections
