"""A connection that holds back a request there is no room for, as it came, until the end of a round."""

from typing import Final

from loguru import logger
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from auth_api.kit.clock import monotonic
from auth_api.kit.http.scope_keys import HELD_BACK, HeldBack
from auth_api.server.connections import Connections

MAX_HELD: Final = 8192
"""Bytes of what is held back: several times what such a request has. What is longer is heard at once."""

END_OF_HEAD: Final = b"\r\n\r\n"


class HoldingConnection(HttpToolsProtocol):
    """Passes on what it receives to `hear`, at once or later."""

    server_state: Connections
    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # before the first request

    _held = b""
    _reason: HeldBack | None = None

    def data_received(self, data: bytes) -> None:
        """Hear what came, or hold it back."""
        if self._held or (data.startswith(self.server_state.rounds.beginnings) and self._is_to_be_held(data)):
            self._held += data
            if len(self._held) > MAX_HELD:
                self._go_on()
        else:
            self.hear(data)

    def hear(self, data: bytes) -> None:
        """Parse what came."""
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin a request, and say where it was held back."""
        if self._reason is None:
            super().on_headers_complete()
            return
        self.scope["state"][HELD_BACK], before = self._reason, self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # else it offers another protocol, and is read again without that
            self._reason = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was held back."""
        self.forget_held()
        super().connection_lost(exc)

    def forget_held(self) -> None:
        """Nobody waits for an answer to it any more."""
        self._held = b""

    def on_hold(self) -> None:
        """Stop what hurries the client: it is the server now that lets it wait."""
        self._unset_keepalive_if_required()

    @property
    def is_in_head(self) -> bool:
        """Whether a request has begun whose head is not complete."""
        return self.scope is not (None if self.cycle is None else self.cycle.scope)

    def _is_to_be_held(self, data: bytes) -> bool:
        """Tell whether a request begins here that there is no room for."""
        cycle = self.cycle
        is_free = cycle is None or (cycle.response_complete and not cycle.more_body)
        if END_OF_HEAD not in data or self.is_in_head or not is_free:
            return False
        error = self.server_state.rounds.lack_of_room(data)
        if error is None:
            return False
        self._reason = HeldBack(error, monotonic())
        self.on_hold()
        self.server_state.rounds.join(self._go_on)
        return True

    def _go_on(self) -> None:
        held, self._held = self._held, b""
        if held:
            try:
                self.hear(held)
            except Exception as error:  # noqa: BLE001 - as the event loop takes what comes from `data_received`
                logger.opt(exception=error).error("unexpected error in a connection")
                self.transport.abort()
