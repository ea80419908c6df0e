"""One request and its answer on the way out."""

import re
import secrets
from functools import partial
from typing import Any, Final

from litestar.types import Message, Receive, Scope, Send

from auth_api.kit.clock import Clock, monotonic
from auth_api.kit.errors import ApplicationException, CorsOriginDeniedException, MethodNotAllowedException
from auth_api.kit.http.client_address import ClientAddresses
from auth_api.kit.http.conditional import not_modified
from auth_api.kit.http.cors import CorsPolicy
from auth_api.kit.http.errors import from_status
from auth_api.kit.http.load_shedding import route_path
from auth_api.kit.http.problems import problem_events, problem_of
from auth_api.kit.http.request_metadata import read_request_context
from auth_api.kit.http.scope_keys import (
    CLIENT_GONE,
    ENVELOPED,
    EXTRA_HEADERS,
    REFUSAL,
    REQUEST_CONTEXT,
)
from auth_api.kit.http.security_headers import SecurityHeaders
from auth_api.kit.logging import log_request
from auth_api.kit.metrics import count_request

IDS_AT_ONCE: Final = 256

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FIRST_ERROR: Final = 400
_CLIENT_CLOSED_REQUEST: Final = 499  # nginx's number, which is in no standard: for the log alone

_ASKED_AS: Final = {
    "HEAD": "GET",  # with the same checks; the body is left out on the way back
    "OPTIONS": "TRACE",  # which no route offers: a 405 with the right `Allow`, where Litestar would answer 204
}


class EdgeConfig:
    """What all exchanges share.

    Args:
        clock: dates error envelopes.
        cors: who may call from a browser.
        addresses: finds the client's address.
        security: headers by path.
        base: what addresses of this server begin with, behind the host.
    """

    def __init__(
        self, *, clock: Clock, cors: CorsPolicy, addresses: ClientAddresses, security: SecurityHeaders, base: str = ""
    ) -> None:
        self.base = base
        self.clock = clock
        self.cors = cors
        self.addresses = addresses
        self.security = security
        self._spare_ids: list[str] = []

    def new_request_id(self) -> str:
        """Return 128 random bits, of which the system is asked for many at a time."""
        if not self._spare_ids:
            digits = secrets.token_hex(16 * IDS_AT_ONCE)
            self._spare_ids = [digits[at : at + 32] for at in range(0, len(digits), 32)]
        return self._spare_ids.pop()


class RequestCycle:
    """Passes the application's messages on, completed; what is an error but no envelope yet becomes one."""

    def __init__(self, shared: EdgeConfig, scope: Scope, receive: Receive, send: Send) -> None:
        self._shared = shared
        self._receive: Any = receive
        self._send: Any = send
        self._told: Any = scope.get("state", {})  # what the server tells, also later
        self._began_at = monotonic()
        self._discard_body = False
        self.headers = dict(scope["headers"])
        self.method = str(scope["method"])  # type: ignore[typeddict-item]
        self.path = scope["path"]  # the router rewrites the scope's
        self.route_path = route_path(scope)
        self.status = 0
        self.awaits_body = False
        self.request_id = self._request_id()
        self.address = shared.addresses.find(scope)
        self.scope: Any = {
            **scope,
            # Made when asked for, as most requests never do; not by a method, which would close a circle of references.
            "state": {
                **self._told,
                REQUEST_CONTEXT: partial(read_request_context, self.headers, self.address, self.request_id),
            },
            "method": _ASKED_AS.get(self.method, self.method),
        }

    @property
    def refusal(self) -> ApplicationException | None:
        """What the server wants to be answered, because it cannot read the request, or no further."""
        error: ApplicationException | None = self._told.get(REFUSAL)
        return error

    async def receive(self) -> Any:
        """Pass the server's messages on.

        Raises:
            ApplicationException: the rest of the body came too slowly, is too long or makes no sense.
        """
        self.awaits_body = True
        message = await self._receive()
        if self.refusal is not None:
            raise self.refusal
        self.awaits_body = message.get("more_body", False)
        if message["type"] == "http.disconnect" and not self.status:
            self._told[CLIENT_GONE] = True
        return message

    async def send(self, message: Message) -> None:
        """Pass the application's messages on, completed; what is no envelope yet becomes one."""
        if message["type"] == "http.response.start":
            status = message["status"]
            if self.scope["method"] == "GET" and (unchanged := not_modified(self.headers, message)) is not None:
                self._discard_body = True
                await self._start(unchanged)
                await self._send_body({"type": "http.response.body", "body": b"", "more_body": False})
            elif status >= _FIRST_ERROR and ENVELOPED not in self.scope["state"] and not self._may_have_own_body():
                await self.send_error(from_status(status), allow=self._allow(message))
            else:
                await self._start(message)
        elif not self._discard_body:
            await self._send_body(message)

    async def send_error(self, error: ApplicationException, *, allow: str = "") -> None:
        """Answer with the envelope and drop whatever the application still sends."""
        headers = {"allow": allow} if allow and isinstance(error, MethodNotAllowedException) else {}
        problem = problem_of(error, at=self._shared.clock(), request_id=self.request_id, base=self._shared.base)
        start, body = problem_events(problem, {**headers, **error.headers})
        self._discard_body = True
        await self._start(start)
        await self._send_body(body)

    async def send_refusal(self, error: ApplicationException) -> None:
        """Answer a request whose body nobody reads: what follows on the connection may be its tail (RFC 9112 §9.6)."""
        self.scope["state"][EXTRA_HEADERS] = {"Connection": "close"}
        await self.send_error(error)

    async def send_overload_error(self, error: ApplicationException) -> None:
        """Refuse a request to a known route for lack of capacity, and keep the connection open.

        The server reads and discards the body, so that a retry needs no new connection. Only a client that waits for
        100 (Continue) may send another request instead of the body (RFC 9110 §10.1.1): its connection is closed.
        """
        self.scope["path_template"] = self.route_path  # as the router would have set it, for the metrics
        await (self.send_refusal(error) if b"expect" in self.headers else self.send_error(error))

    async def send_preflight(self, granted: list[tuple[bytes, bytes]] | None) -> None:
        """Answer a preflight: 204 with what is granted, or the refusal."""
        if granted is None:
            await self.send_error(CorsOriginDeniedException())
            return
        await self._start({"type": "http.response.start", "status": 204, "headers": granted})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def finish(self) -> None:
        """Count it, by the path's template; write the access line, which has the path for finding, never the query."""
        user = self.scope.get("user")
        route = self.scope.get("path_template") or None
        status = _CLIENT_CLOSED_REQUEST if CLIENT_GONE in self._told or not self.status else self.status
        seconds = monotonic() - self._began_at
        count_request(method=self.method, route=route, status=status, seconds=seconds)
        log_request(
            __name__,
            event="http:request",
            method=self.method,
            route=route,
            path=self.path,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            client_address=self.address,
            **({"user_id": user.id} if user is not None else {}),
        )

    async def _start(self, message: Any) -> None:
        self.status = message["status"]
        common = self._common_headers()
        names = dict(common)
        names.pop(b"vary", None)  # the handler's reasons count beside ours
        kept = [line for line in message["headers"] if line[0].lower() not in names]
        if self.status == MethodNotAllowedException.status:
            kept = [(name, self._with_head(value) if name.lower() == b"allow" else value) for name, value in kept]
        await self._send({**message, "headers": [*kept, *common]})

    def _common_headers(self) -> list[tuple[bytes, bytes]]:
        extra = self.scope["state"].get(EXTRA_HEADERS)
        return [
            *self._shared.cors.headers(self.headers),
            *self._shared.security.of(self.route_path),
            *([(name.lower().encode(), value.encode()) for name, value in extra.items()] if extra else ()),
            (b"x-request-id", self.request_id.encode()),
        ]

    async def _send_body(self, message: Any) -> None:
        await self._send({**message, "body": b""} if self.method == "HEAD" else message)

    def _may_have_own_body(self) -> bool:
        """Readiness answers 503 with its own document."""
        return self.route_path.startswith("/health/")

    def _request_id(self) -> str:
        given = self.headers.get(b"x-request-id", b"").decode("latin-1")
        return given if given and _REQUEST_ID.fullmatch(given) else self._shared.new_request_id()

    @staticmethod
    def _allow(message: Any) -> str:
        return next((value.decode("latin-1") for name, value in message["headers"] if name.lower() == b"allow"), "")

    @staticmethod
    def _with_head(allow: bytes) -> bytes:
        """OPTIONS is CORS alone, and HEAD goes wherever GET goes."""
        methods = {method.strip() for method in allow.split(b",")} - {b"OPTIONS", b""}
        return b", ".join(sorted(methods | ({b"HEAD"} if b"GET" in methods else set())))
