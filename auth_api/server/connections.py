"""What the connections of a process share, and how one ends whose client may still be sending."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from uvicorn.server import ServerState

from auth_api.kit.deadlines import Deadlines
from auth_api.server.policy import ServerPolicy

GRACE: Final = 1.0
"""Seconds that every connection is left alone, however many want its place."""

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 1024 * 1024
"""How long, and how much, is read from a client that was answered before it had sent everything."""


class Waiting(Protocol):
    """A connection, as far as it is waited for."""

    transport: asyncio.Transport

    def end_waiting_for_head(self) -> None:
        """A head did not come to its end in time."""

    def end_waiting_for_body(self) -> None:
        """A body did not come to its end in time."""


class Connections(ServerState):
    """All of them.

    Args:
        policy: the limits.
    """

    def __init__(self, policy: ServerPolicy) -> None:
        super().__init__()
        self.draining = False
        self.heads: Deadlines[Waiting] = Deadlines(policy.header_timeout, lambda late: late.end_waiting_for_head())
        self.bodies: Deadlines[Waiting] = Deadlines(policy.body_timeout, lambda late: late.end_waiting_for_body())
        self._most = policy.max_connections

    def have_room(self) -> bool:
        """Tell whether the newest one may stay; for its sake, who dawdles over a head is sent away."""
        if len(self.connections) > self._most and (dawdler := self.heads.oldest(after=GRACE)) is not None:
            dawdler.transport.abort()
            self.heads.stop(dawdler)
            self.connections.discard(dawdler)
        return len(self.connections) <= self._most

    def can_afford_refusals(self) -> bool:
        """Tell whether the newest one may stay until it was told that it may not."""
        return len(self.connections) <= 2 * self._most


class LingeringTransport:
    """As much of a transport as an answer needs. Closed, it says so and waits for the client's end (RFC 9112 §9.6).

    Args:
        transport: the real one, which somebody goes on reading from.
        on_close: called when it is closed: what is read from then on is nobody's request.
    """

    def __init__(self, transport: asyncio.Transport, on_close: Callable[[], None]) -> None:
        self._transport = transport
        self._on_close = on_close
        self.write = transport.write
        self.is_closing = transport.is_closing

    def close(self) -> None:
        """End this side now, and the connection as soon as the client ends its own, or after a while."""
        if not self._transport.is_closing():
            self._on_close()
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)
