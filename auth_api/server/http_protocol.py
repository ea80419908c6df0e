"""uvicorn's HTTP protocol, with limits on time, sizes and numbers that uvicorn lacks.

A refused request goes to the application with the error under `REFUSAL`, so that the edge middleware sends the response
and writes the log line. Only requests that do not arrive in one packet are counted and timed.
"""

import asyncio
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from auth_api.kit.errors import (
    ApplicationException,
    MalformedRequestException,
    PayloadTooLargeException,
    RequestTimeoutException,
    ServerOverloadedException,
)
from auth_api.kit.http.errors import HeadersTooLargeException, UriTooLongException
from auth_api.kit.http.request_screening import MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_URI_BYTES
from auth_api.kit.http.scope_keys import CLIENT_GONE, REFUSAL
from auth_api.server.lingering_transport import LINGER_BYTES, LingeringTransport
from auth_api.server.server_state import LimitedServerState

MAX_UNFINISHED_HEADER_BYTES: Final = MAX_URI_BYTES + MAX_HEADER_BYTES + 4096
"""Size of request line and headers without an end. The 4 KiB are for the separators between names and values."""

MAX_ENCODED_BODY_BYTES: Final = 4 * MAX_BODY_BYTES
"""Size of a body as it is transferred, with chunk sizes, chunk extensions and trailers, which nothing else limits."""

MAX_PIPELINED_REQUESTS: Final = 16
"""Requests on a connection that may wait for the response to an earlier one. Most clients send none."""


class HttpProtocol(HttpToolsProtocol):
    """One client's connection."""

    server_state: LimitedServerState
    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # None before the first request

    def __init__(
        self,
        config: Config,
        server_state: LimitedServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.url = b""
        self._is_timed = False
        self._is_discarding = False
        self._bytes_read = 0
        """Bytes of the current headers or body; if `_is_discarding`, the number of discarded bytes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, or refuse it if the process has too many."""
        super().connection_made(transport)
        if self.server_state.has_room(self):
            self._time_headers()
        elif self.server_state.can_send_refusal():
            self._refuse(ServerOverloadedException())
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the application know that the client has disconnected."""
        self.server_state.release(self)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.scope["state"][CLIENT_GONE] = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes. If the connection is closing, discard them, and stop reading after 1 MiB."""
        if not self._is_discarding:
            self._parse(data)
            return
        self._bytes_read += len(data)
        if self._bytes_read > LINGER_BYTES:
            self.flow.pause_reading()

    def on_headers_complete(self) -> None:
        """Begin a request, unless too many earlier ones are waiting."""
        if len(self.pipeline) >= MAX_PIPELINED_REQUESTS:
            raise ServerOverloadedException
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request. uvicorn leaves `more_body` set if the response came before the end of the request."""
        super().on_message_complete()
        if self.cycle is not None:
            self.cycle.more_body = False

    def on_header_timeout(self) -> None:
        """Refuse a request that has begun. A client that has sent nothing gets no response."""
        if self._is_reading_headers:
            self._refuse(RequestTimeoutException())
        else:
            self.transport.close()

    def on_body_timeout(self) -> None:
        """Refuse the request."""
        self._refuse(RequestTimeoutException())

    @property
    def _is_reading_headers(self) -> bool:
        """Whether a request has begun whose headers are not complete."""
        return self.scope is not (None if self.cycle is None else self.cycle.scope)

    def _parse(self, data: bytes) -> None:
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
            self._refuse(self._refusal_for(error))
            return
        now = self.cycle
        if self._is_timed or now is None or now.more_body or now.response_complete or now.scope is not self.scope:
            self._check_limits(before, size)
        if now is not None and self.server_state.is_draining:
            now.keep_alive = False

    def _check_limits(self, before: RequestResponseCycle | None, size: int) -> None:
        """Count and time an incomplete request.

        Args:
            before: the cycle before the last packet. If it is still the current one, no other request has begun since.
            size: length of that packet in bytes.
        """
        cycle = self.cycle
        if self._is_reading_headers:
            self._bytes_read = self._bytes_read + size if cycle is before else 0
            self._time_headers()
            if len(self.url) > MAX_URI_BYTES:
                self._refuse(UriTooLongException())
            elif self._bytes_read > MAX_UNFINISHED_HEADER_BYTES:
                self._refuse(HeadersTooLargeException())
        elif cycle is not None and cycle.more_body:
            self._bytes_read = self._bytes_read + size if cycle is before else 0
            self._time_body()
            cycle.transport = LingeringTransport(self.transport, self._on_last_response)  # type: ignore[assignment]
            if self._bytes_read > MAX_ENCODED_BODY_BYTES:
                self._refuse(PayloadTooLargeException())
        else:
            self._bytes_read = 0
            self._stop_timing()
            if cycle is not None:
                cycle.transport = self.transport
            if cycle is None or cycle.response_complete:  # the end of a body that was not read, or an empty line
                self._time_headers()

    def _time_headers(self) -> None:
        self.server_state.bodies.stop(self)
        self.server_state.headers.start(self)
        self._is_timed = True

    def _time_body(self) -> None:
        self.server_state.headers.stop(self)
        self.server_state.bodies.start(self)
        self._is_timed = True

    def _stop_timing(self) -> None:
        self.server_state.headers.stop(self)
        self.server_state.bodies.stop(self)
        self._is_timed = False

    def _stop_reading(self) -> None:
        self._stop_timing()
        self._is_discarding = True
        self._bytes_read = 0

    def _on_last_response(self) -> None:
        self._stop_reading()
        self.pipeline.clear()  # the responses of these requests could not be sent

    def _refusal_for(self, error: Exception) -> ApplicationException:
        """Return the error of a callback, which the parser wraps, or the error for what the parser rejected."""
        if isinstance(error.__context__, ApplicationException):
            return error.__context__
        return UriTooLongException() if len(self.url) > MAX_URI_BYTES else MalformedRequestException()

    def _refuse(self, error: ApplicationException) -> None:
        """Respond with the error if a response is due, read nothing more, and close after the last response."""
        self._stop_reading()
        cycle = self.cycle
        if cycle is None or not cycle.more_body:
            self._refuse_headers(error)
        elif cycle.response_complete:
            cycle.transport.close()
        else:
            cycle.keep_alive = False
            cycle.scope["state"][REFUSAL] = error
            cycle.message_event.set()
            self.flow.resume_reading()

    def _refuse_headers(self, error: ApplicationException) -> None:
        """Start a request with what has been received of it, so that the application refuses it like any other."""
        if not self._is_reading_headers:
            self.on_message_begin()
        path, _, self.scope["query_string"] = self.url.partition(b"?")
        self.scope["method"] = self.parser.get_method().decode("ascii") if self.url else "-"
        self.scope["path"] = path.decode("latin-1")[:MAX_URI_BYTES]
        self.scope["raw_path"] = path
        self.scope["state"][REFUSAL] = error
        is_idle = self.cycle is None or self.cycle.response_complete
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=LingeringTransport(self.transport, self._on_last_response),  # type: ignore[arg-type]
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
        if is_idle:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _should_upgrade(self) -> bool:
        """Return True, so that uvicorn leaves every request with an Upgrade header to `_without_upgrade`."""
        return True

    def _without_upgrade(self, rest: bytes) -> bytes:
        """Return a request without its Upgrade header, which a server may ignore (RFC 9110 §7.8), to be parsed again.

        The parser treats the body as the other protocol, which cannot be changed, so it is replaced by a new one.
        """
        if self.scope["method"] == "CONNECT":
            raise MalformedRequestException
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.scope["method"].encode(), self.url, version)]
        lines += [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([*lines, b"", rest])
