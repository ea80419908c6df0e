"""A lingering close, for connections whose client may still be sending."""

import asyncio
from collections.abc import Callable
from typing import Final

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 1024 * 1024
"""Limits of reading and discarding after a response that was sent before the end of the request."""


class LingeringTransport:
    """The part of a transport that a response needs; `close` waits for the client to close its side (RFC 9112 §9.6).

    A connection that is closed while received bytes are unread is reset, and the client may lose the response.

    Args:
        transport: the real transport. Its protocol goes on reading.
        on_close: called by `close`. What is read afterwards does not belong to any request.
    """

    def __init__(self, transport: asyncio.Transport, on_close: Callable[[], None]) -> None:
        self._transport = transport
        self._on_close = on_close
        self.write = transport.write
        self.is_closing = transport.is_closing

    def close(self) -> None:
        """Close the sending side now, and the connection when the client has closed its side or after 2 s."""
        if not self._transport.is_closing():
            self._on_close()
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)
