"""The outermost layer: what holds for every request, whichever layer answers it.

Litestar's own middleware never sees a 404, a 405, a preflight or a refused token. So the request id, the access log,
CORS, limits of size and the last-resort envelope wrap the whole application.
"""

import re
import uuid
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from loguru import logger

from auth_api.kit.clock import Clock, monotonic
from auth_api.kit.errors import (
    ApplicationException,
    CorsOriginDeniedException,
    HeadersTooLargeException,
    HostNotAllowedException,
    InternalErrorException,
    MethodNotAllowedException,
    UriTooLongException,
)
from auth_api.kit.http.client_address import client_address
from auth_api.kit.http.cors import CorsPolicy, is_preflight
from auth_api.kit.http.errors import from_status
from auth_api.kit.http.problems import problem_events, problem_of
from auth_api.kit.http.state import ENVELOPED, ORIGIN
from auth_api.kit.logging import request_id_of_context
from auth_api.kit.origin import Origin

MAX_URI_LENGTH: Final = 4096
MAX_HEADERS_LENGTH: Final = 16 * 1024
MAX_USER_AGENT_LENGTH: Final = 512
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_FIRST_ERROR: Final = 400

_ASKED_AS: Final = {
    "HEAD": "GET",  # with the same checks; the body is left out on the way back
    "OPTIONS": "TRACE",  # which no route offers: a 405 with the right `Allow`, where Litestar would answer 204
}


class Outer:
    """Wraps an ASGI application.

    Args:
        app: what answers requests that are not refused here.
        clock: dates error envelopes.
        cors: who may call from a browser.
        allowed_hosts: values of `Host` that are answered; empty means any. Probes under `/health/` are exempt.
    """

    def __init__(self, app: ASGIApp, *, clock: Clock, cors: CorsPolicy, allowed_hosts: tuple[str, ...] = ()) -> None:
        self._app = app
        self._clock = clock
        self._cors = cors
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self, scope, send)
        token = request_id_of_context.set(exchange.origin.request_id)
        try:
            await self._answer(exchange, receive)
        finally:
            exchange.log()
            request_id_of_context.reset(token)

    async def _answer(self, exchange: "_Exchange", receive: Receive) -> None:
        try:
            if (refusal := self._refusal(exchange)) is not None:
                await exchange.send_error(refusal)
                return
            if is_preflight(exchange.method, exchange.headers):
                await exchange.send_preflight(self._cors.preflight(exchange.headers))
                return
            await self._app(exchange.scope, receive, exchange.send)
        except Exception as error:
            logger.opt(exception=error).error("unexpected error outside of the application")
            if exchange.status:  # too late for an envelope: the server cuts the connection
                raise
            await exchange.send_error(InternalErrorException())

    def _refusal(self, exchange: "_Exchange") -> ApplicationException | None:
        scope = exchange.scope
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_URI_LENGTH:
            return UriTooLongException()
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS_LENGTH:
            return HeadersTooLargeException()
        is_probe = scope["path"].startswith("/health/")
        host = _without_port(exchange.headers.get(b"host", b""))
        if self._allowed_hosts and not is_probe and host not in self._allowed_hosts:
            return HostNotAllowedException()
        return None

    def problem_messages(self, error: ApplicationException, request_id: str, **headers: str) -> tuple[Any, Any]:
        """Return the envelope as ASGI messages."""
        problem = problem_of(error, at=self._clock(), request_id=request_id)
        return problem_events(problem, {**headers, **error.headers})

    def common_headers(self, exchange: "_Exchange") -> list[tuple[bytes, bytes]]:
        """Return what every answer carries."""
        headers = [
            *self._cors.headers(exchange.headers),
            (b"x-request-id", (exchange.origin.request_id or "").encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if exchange.path.startswith("/api"):
            headers.append((b"cache-control", b"no-store"))
        return headers


def _without_port(host: bytes) -> str:
    """Return the name or address of a Host header in lower case; an IPv6 address keeps its brackets."""
    text = host.decode("latin-1").lower()
    return text[: text.index("]") + 1] if text.startswith("[") and "]" in text else text.partition(":")[0]


class _Exchange:
    """One request and its answer on the way out."""

    def __init__(self, outer: Outer, scope: Scope, send: Send) -> None:
        self._outer = outer
        self._send: Any = send
        self._started_at = monotonic()
        self._discard_body = False
        self.headers = dict(scope["headers"])
        self.method = str(scope["method"])  # type: ignore[typeddict-item]
        self.path = scope["path"]  # the router rewrites the scope's
        self.status = 0
        self.origin = Origin(
            ip_address=client_address(scope),
            user_agent=self._user_agent(),
            request_id=self._request_id(),
        )
        self.scope: Any = {
            **scope,
            "state": {**scope.get("state", {}), ORIGIN: self.origin},
            "method": _ASKED_AS.get(self.method, self.method),
        }

    async def send(self, message: Message) -> None:
        """Pass the application's messages on, completed; what is no envelope yet becomes one."""
        if message["type"] == "http.response.start":
            status = message["status"]
            if status >= _FIRST_ERROR and ENVELOPED not in self.scope["state"] and not self._may_have_own_body():
                await self.send_error(from_status(status), allow=self._allow(message))
            else:
                await self._start(message)
        elif not self._discard_body:
            await self._send_body(message)

    async def send_error(self, error: ApplicationException, *, allow: str = "") -> None:
        """Answer with the envelope and drop whatever the application still sends."""
        headers = {"allow": allow} if allow and isinstance(error, MethodNotAllowedException) else {}
        start, body = self._outer.problem_messages(error, self.origin.request_id or "", **headers)
        self._discard_body = True
        await self._start(start)
        await self._send_body(body)

    async def send_preflight(self, granted: list[tuple[bytes, bytes]] | None) -> None:
        """Answer a preflight: 204 with what is granted, or the refusal."""
        if granted is None:
            await self.send_error(CorsOriginDeniedException())
            return
        await self._start({"type": "http.response.start", "status": 204, "headers": granted})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def log(self) -> None:
        """Write the access line: the path's template for counting, the path for finding; never the query."""
        user = self.scope.get("user")
        logger.bind(
            event="http:request",
            method=self.method,
            route=self.scope.get("path_template") or None,
            path=self.path,
            status=self.status or 499,  # nothing was sent: the client was gone
            duration_ms=round((monotonic() - self._started_at) * 1000, 2),
            client_address=self.origin.ip_address,
            **({"user_id": user.id} if user is not None else {}),
        ).info("request")

    async def _start(self, message: Any) -> None:
        self.status = message["status"]
        common = self._outer.common_headers(self)
        names = {name for name, _ in common}
        kept = [(name, value) for name, value in message["headers"] if name.lower() not in names]
        if self.status == MethodNotAllowedException.status:
            kept = [(name, self._with_head(value) if name.lower() == b"allow" else value) for name, value in kept]
        await self._send({**message, "headers": [*kept, *common]})

    async def _send_body(self, message: Any) -> None:
        await self._send({**message, "body": b""} if self.method == "HEAD" else message)

    def _may_have_own_body(self) -> bool:
        """Readiness answers 503 with its own document."""
        return bool(self.path.startswith("/health/"))

    def _request_id(self) -> str:
        given = self.headers.get(b"x-request-id", b"").decode("latin-1")
        return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex

    def _user_agent(self) -> str | None:
        given = self.headers.get(b"user-agent", b"").decode("utf-8", errors="replace")
        return _CONTROL.sub("", given)[:MAX_USER_AGENT_LENGTH] or None

    @staticmethod
    def _allow(message: Any) -> str:
        return next((value.decode("latin-1") for name, value in message["headers"] if name.lower() == b"allow"), "")

    @staticmethod
    def _with_head(allow: bytes) -> bytes:
        """OPTIONS is CORS alone, and HEAD goes wherever GET goes."""
        methods = {method.strip() for method in allow.split(b",")} - {b"OPTIONS", b""}
        return b", ".join(sorted(methods | ({b"HEAD"} if b"GET" in methods else set())))
