"""One client's connection: uvicorn's, with limits of time, size and number that it does not have.

What is refused here is answered by the application's outermost layer, as every other error is: it gets what is known of
the request, with the error under `REFUSAL`. A request that came whole with its first packet passes by all of this: what
waits for more bytes alone is counted and timed.
"""

import asyncio
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from auth_api.kit.errors import (
    ApplicationException,
    HeadersTooLargeException,
    MalformedRequestException,
    PayloadTooLargeException,
    RequestTimeoutException,
    ServerOverloadedException,
    UriTooLongException,
)
from auth_api.kit.http.request_screening import MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_URI_BYTES
from auth_api.kit.http.scope_keys import CLIENT_GONE, REFUSAL
from auth_api.server.connections import LINGER_BYTES, Connections, LingeringTransport

MAX_UNFINISHED_HEAD: Final = MAX_URI_BYTES + MAX_HEADER_BYTES + 4096
"""Bytes of a head without an end; the last summand is for what stands between names and values."""

MAX_CODED_BODY: Final = 4 * MAX_BODY_BYTES
"""Bytes of a body as it travels. Sizes of chunks, their extensions and trailers are counted by nobody else."""

MAX_PIPELINED: Final = 16
"""Requests that may wait for the answer to an earlier one. Hardly a client sends even two."""


class Connection(HttpToolsProtocol):
    """Reads requests, or refuses to."""

    server_state: Connections
    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # before the first request

    def __init__(
        self,
        config: Config,
        server_state: Connections,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.url = b""
        self._is_timed = False
        self._is_deaf = False
        self._read = 0
        """Bytes of the head, or of the body, that is under way; when deaf, of what nobody wants to hear."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or say that there are too many."""
        super().connection_made(transport)
        self._time_head()
        if self.server_state.have_room():
            return
        if self.server_state.can_afford_refusals():
            self._refuse(ServerOverloadedException())
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever works for this client that nobody waits any more."""
        self._stop_timing()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.scope["state"][CLIENT_GONE] = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it does not matter any more."""
        if self._is_deaf:
            self._overhear(len(data))
        else:
            self._hear(data)

    def _hear(self, data: bytes) -> None:
        """Parse what came, and watch over what is not complete with it."""
        self._unset_keepalive_if_required()
        before, size = self.cycle, len(data)
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    data = b""
                except httptools.HttpParserUpgrade as upgrade:
                    data = self._without_upgrade(data[upgrade.args[0] :])
        except (httptools.HttpParserError, ApplicationException) as error:
            self._refuse(self._refusal_of(error))
            return
        now = self.cycle
        if self._is_timed or now is None or now.more_body or now.response_complete or now.scope is not self.scope:
            self._watch(before, size)
        if now is not None and self.server_state.draining:
            now.keep_alive = False

    def on_headers_complete(self) -> None:
        """Begin a request, unless too many wait before it."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ServerOverloadedException
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The stock method leaves `more_body` as it is where the answer came before the end of the request."""
        super().on_message_complete()
        if self.cycle is not None:
            self.cycle.more_body = False

    @property
    def is_in_head(self) -> bool:
        """Whether a request has begun whose head is not complete."""
        return self.scope is not (None if self.cycle is None else self.cycle.scope)

    def end_waiting_for_head(self) -> None:
        """Refuse what has begun; who has sent nothing knows of no request that could be answered."""
        if self.is_in_head:
            self._refuse(RequestTimeoutException())
        else:
            self.transport.close()

    def end_waiting_for_body(self) -> None:
        """Refuse it."""
        self._refuse(RequestTimeoutException())

    def _watch(self, before: RequestResponseCycle | None, size: int) -> None:
        """Count and time what is under way, in the middle of which no other request began if `before` is the cycle."""
        cycle = self.cycle
        if self.is_in_head:
            self._read = self._read + size if cycle is before else 0
            self._time_head()
            if len(self.url) > MAX_URI_BYTES:
                self._refuse(UriTooLongException())
            elif self._read > MAX_UNFINISHED_HEAD:
                self._refuse(HeadersTooLargeException())
        elif cycle is not None and cycle.more_body:
            self._read = self._read + size if cycle is before else 0
            self._time_body()
            cycle.transport = self._lingering  # type: ignore[assignment]
            if self._read > MAX_CODED_BODY:
                self._refuse(PayloadTooLargeException())
        else:
            self._read = 0
            self._stop_timing()
            if cycle is not None:
                cycle.transport = self.transport
            if cycle is None or cycle.response_complete:  # the end of a body nobody asked for, or a lone line end
                self._time_head()

    def _time_head(self) -> None:
        self.server_state.bodies.stop(self)
        self.server_state.heads.start(self)
        self._is_timed = True

    def _time_body(self) -> None:
        self.server_state.heads.stop(self)
        self.server_state.bodies.start(self)
        self._is_timed = True

    def _stop_timing(self) -> None:
        self.server_state.heads.stop(self)
        self.server_state.bodies.stop(self)
        self._is_timed = False

    def _turn_deaf(self) -> None:
        self._stop_timing()
        self._is_deaf = True
        self._read = 0

    @property
    def _lingering(self) -> LingeringTransport:
        return LingeringTransport(self.transport, on_close=self._turn_deaf)

    def _refusal_of(self, error: Exception) -> ApplicationException:
        """Find our own error in the parser's, which wraps what a callback raised."""
        if isinstance(error.__context__, ApplicationException):
            return error.__context__
        return UriTooLongException() if len(self.url) > MAX_URI_BYTES else MalformedRequestException()

    def _refuse(self, error: ApplicationException) -> None:
        """Answer with the error where an answer is still owed; hear nothing more, and close after the last answer."""
        self._turn_deaf()
        cycle = self.cycle
        if cycle is None or not cycle.more_body:
            self._refuse_head(error)
        elif cycle.response_complete:
            cycle.transport.close()
        else:
            cycle.keep_alive = False
            cycle.scope["state"][REFUSAL] = error
            cycle.message_event.set()
            self.flow.resume_reading()

    def _refuse_head(self, error: ApplicationException) -> None:
        """Make a request of what there is, so that the application can refuse it as it refuses all others."""
        if not self.is_in_head:
            self.on_message_begin()
        path, _, self.scope["query_string"] = self.url.partition(b"?")
        self.scope["method"] = self.parser.get_method().decode("ascii") if self.url else "-"
        self.scope["path"] = path.decode("latin-1")[:MAX_URI_BYTES]
        self.scope["raw_path"] = path
        self.scope["state"][REFUSAL] = error
        is_free = self.cycle is None or self.cycle.response_complete
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self._lingering,  # type: ignore[arg-type]
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        self.cycle.more_body = False
        if is_free:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _overhear(self, size: int) -> None:
        """Read on for a while: closed with unread bytes, a connection loses what was sent last (RFC 9112 §9.6)."""
        self._read += size
        if self._read > LINGER_BYTES:
            self.flow.pause_reading()

    def _should_upgrade(self) -> bool:
        """Say yes, so that uvicorn leaves every request that offers another protocol to `_without_upgrade`."""
        return True

    def _without_upgrade(self, rest: bytes) -> bytes:
        """Return head and rest of a request without its offer, which is nothing but that (RFC 9110 §7.8).

        The parser has taken the body for the other protocol's and cannot be told otherwise, so a new one begins anew.
        """
        if self.scope["method"] == "CONNECT":
            raise MalformedRequestException
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.scope["method"].encode(), self.url, version)]
        lines += [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([*lines, b"", rest])
