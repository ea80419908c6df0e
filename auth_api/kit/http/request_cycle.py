"""One request and its response at the edge."""

import re
import secrets
from functools import partial
from typing import Any, Final

from litestar.types import Message, Receive, Scope, Send

from auth_api.kit.clock import monotonic
from auth_api.kit.errors import ApplicationException, MethodNotAllowedException
from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.http.conditional import not_modified
from auth_api.kit.http.cors import CorsPolicy
from auth_api.kit.http.error_responses import ErrorResponses
from auth_api.kit.http.errors import CorsOriginDeniedException
from auth_api.kit.http.exception_handler import from_status
from auth_api.kit.http.load_shedding import route_path
from auth_api.kit.http.methods import method_for_application, offered_methods
from auth_api.kit.http.request_metadata import read_request_context
from auth_api.kit.http.scope_keys import CLIENT_GONE, ERROR, EXTRA_HEADERS, PAGE_KIND, REFUSAL, REQUEST_CONTEXT
from auth_api.kit.http.security_headers import PageKind, SecurityHeaders
from auth_api.kit.http.token_transport import TokenTransport
from auth_api.kit.log_format import loggable_path, redact
from auth_api.kit.logging import log_request
from auth_api.kit.metrics import count_request

REQUEST_ID_BATCH: Final = 256

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOWEST_ERROR_STATUS: Final = 400
_CLIENT_CLOSED_REQUEST: Final = 499  # nginx's status for this, only for log and metrics; no standard has one


class EdgeConfig:
    """The configuration that all requests share.

    Args:
        errors: builds error responses.
        cors: the origins that may call from a browser.
        client_ip_resolver: finds the client's IP address.
        security: the security headers by path.
        token_transport: the rules of cookie mode.
    """

    def __init__(
        self,
        *,
        errors: ErrorResponses,
        cors: CorsPolicy,
        client_ip_resolver: ClientIpResolver,
        security: SecurityHeaders,
        token_transport: TokenTransport,
    ) -> None:
        self.errors = errors
        self.cors = cors
        self.client_ip_resolver = client_ip_resolver
        self.security = security
        self.token_transport = token_transport
        self._spare_request_ids: list[str] = []

    def new_request_id(self) -> str:
        """Return 128 random bits in hexadecimal. One system call serves `REQUEST_ID_BATCH` requests."""
        if not self._spare_request_ids:
            digits = secrets.token_hex(16 * REQUEST_ID_BATCH)
            self._spare_request_ids = [digits[start : start + 32] for start in range(0, len(digits), 32)]
        return self._spare_request_ids.pop()


class RequestCycle:
    """Wraps `receive` and `send` of one request.

    The response gets the headers that every response has. An error response that is not a problem document yet is
    replaced by one.
    """

    def __init__(self, config: EdgeConfig, scope: Scope, receive: Receive, send: Send) -> None:
        self._config = config
        self._receive: Any = receive
        self._send: Any = send
        self._server_state: Any = scope.get("state", {})  # the server may add to it at any time
        self._began_at = monotonic()
        self._discards_body = False
        self._closes_connection = False
        self._has_received = False
        self.headers = dict(scope["headers"])
        self.method = str(scope["method"])  # type: ignore[typeddict-item]
        self._path, self._raw_path = scope["path"], scope.get("raw_path") or scope["path"].encode()
        self.route_path = route_path(scope)
        self.status = 0
        self.awaits_body = False
        self.request_id = self._request_id()
        self.client_ip = config.client_ip_resolver.resolve(scope)
        self.scope: Any = {
            **scope,
            # Built on demand, since most requests need none. A bound method instead would be a reference cycle.
            "state": {
                **self._server_state,
                REQUEST_CONTEXT: partial(read_request_context, self.headers, self.client_ip, self.request_id),
            },
            "method": method_for_application(self.method, self.route_path),
        }

    @property
    def refusal(self) -> ApplicationException | None:
        """The error with which the server refuses the request, or the rest of its body."""
        error: ApplicationException | None = self._server_state.get(REFUSAL)
        return error

    async def receive(self) -> Any:
        """Return the next message of the server.

        Raises:
            ApplicationException: the rest of the body came too slowly, is too large or is malformed.
        """
        self.awaits_body = self._has_received = True
        message = await self._receive()
        if self.refusal is not None:
            raise self.refusal
        self.awaits_body = message.get("more_body", False)
        if message["type"] == "http.disconnect" and not self.status:
            self._server_state[CLIENT_GONE] = True
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the application, with the headers that every response has."""
        if message["type"] != "http.response.start":
            if not self._discards_body:
                await self._send_body(message)
        elif (error := self._error_to_send(message["status"])) is not None:
            await self.send_error(error, allow=_allow(message))
        elif self.scope["method"] == "GET" and (unchanged := not_modified(self.headers, message)) is not None:
            await self._send_without_body(unchanged)
        else:
            await self._start(message)

    async def send_error(self, error: ApplicationException, *, allow: str = "") -> None:
        """Send an error response, and discard what the application still sends."""
        start, body, is_page = self._config.errors.events(
            error, self.headers, request_id=self.request_id, route_path=self.route_path, allow=allow
        )
        self.scope["state"][PAGE_KIND] = PageKind.SIGN_IN if is_page else None
        self._discards_body = True
        await self._start(start)
        await self._send_body(body)

    async def send_refusal(self, error: ApplicationException) -> None:
        """Send an error without reading the body, and close the connection.

        The bytes that follow could be the rest of this body instead of the next request (RFC 9112 §9.6).
        """
        self._closes_connection = True
        await self.send_error(error)

    async def send_overload_error(self, error: ApplicationException) -> None:
        """Refuse a request to a known route for lack of capacity, and keep the connection open.

        The server reads and discards the body, so that a retry needs no new connection.
        """
        self.scope["path_template"] = self.route_path  # as the router would have set it, for the metrics
        await self.send_error(error)

    async def send_preflight(self, granted: list[tuple[bytes, bytes]] | None) -> None:
        """Respond to a CORS preflight: 204 with the granted headers, or an error if there are none."""
        if granted is None:
            await self.send_error(CorsOriginDeniedException())
        else:
            await self._send_without_body({"type": "http.response.start", "status": 204, "headers": granted})

    def finish(self) -> None:
        """Count the request by its route, and write its access line, which never holds the query string."""
        user = self.scope.get("user")
        route = self.scope.get("path_template") or None
        status = _CLIENT_CLOSED_REQUEST if CLIENT_GONE in self._server_state or not self.status else self.status
        seconds = monotonic() - self._began_at
        count_request(method=self.method, route=route, status=status, seconds=seconds)
        log_request(
            __name__,
            event="request:completed",
            method=self.method,
            route=route,
            path=loggable_path(self._path, self._raw_path),
            status=status,
            duration_ms=round(seconds * 1000, 2),
            client_ip=self.client_ip,
            **({"user_id": user.id} if user is not None else {}),
        )

    def _error_to_send(self, status: int) -> ApplicationException | None:
        """Return the error to send instead of the application's response, or None if that is sent."""
        if status < _LOWEST_ERROR_STATUS:
            return None
        error: ApplicationException | None = self.scope["state"].get(ERROR)
        if error is not None:  # the response is a problem document
            return error if self._config.errors.have_pages(self.route_path) else None
        if self.scope["state"].get(PAGE_KIND):  # the response is a page that shows the error
            return None
        has_own_document = self.route_path.startswith("/health/")  # readiness, which responds with 503
        return None if has_own_document else from_status(status)

    async def _start(self, message: Any) -> None:
        self.status = message["status"]
        if b"expect" in self.headers and not self._has_received:
            # A client that waits for 100 (Continue) may send its next request instead of the body (RFC 9110 §10.1.1).
            self._closes_connection = True
        common = self._common_headers()
        replaced = dict(common)
        replaced.pop(b"vary", None)  # that of the handler counts, too
        kept = [line for line in message["headers"] if line[0].lower() not in replaced]
        if self.status == MethodNotAllowedException.status:
            kept = [
                (name, offered_methods(value, self.route_path) if name.lower() == b"allow" else value)
                for name, value in kept
            ]
        await self._send({**message, "headers": [*kept, *common]})

    def _common_headers(self) -> list[tuple[bytes, bytes]]:
        state, security = self.scope["state"], self._config.security
        extra = state.get(EXTRA_HEADERS)
        return [
            *self._config.cors.headers(self.headers, self.route_path),
            *(security.pages[kind] if (kind := state.get(PAGE_KIND)) else security.for_path(self.route_path)),
            *([(name.lower().encode(), value.encode()) for name, value in extra.items()] if extra else ()),
            *([(b"connection", b"close")] if self._closes_connection else ()),
            (b"x-request-id", self.request_id.encode()),
        ]

    async def _send_body(self, message: Any) -> None:
        await self._send({**message, "body": b""} if self.method == "HEAD" else message)

    async def _send_without_body(self, start: Any) -> None:
        self._discards_body = True
        await self._start(start)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _request_id(self) -> str:
        sent = self.headers.get(b"x-request-id", b"").decode("latin-1")
        is_usable = _REQUEST_ID.fullmatch(sent) and redact("", sent) == sent  # it is in every log line of the request
        return sent if is_usable else self._config.new_request_id()


def _allow(message: Any) -> str:
    return next((value.decode("latin-1") for name, value in message["headers"] if name.lower() == b"allow"), "")
