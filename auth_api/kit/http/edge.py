"""The edge: the outermost layer, around the whole application.

Litestar's own middleware does not run for a 404, a 405, a CORS preflight or a rejected token. Therefore this
layer does what applies to every request: request id, access log, CORS, security headers, limits on sizes and time, and
a problem document for every error.
"""

import asyncio
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from loguru import logger

from auth_api.kit.deadlines import Deadlines, clear, interrupt, was_interrupted
from auth_api.kit.errors import InternalErrorException, RequestTimeoutException, ServerOverloadedException
from auth_api.kit.http.cors import is_preflight
from auth_api.kit.http.load_shedding import NO_SHEDDERS, RouteShedders
from auth_api.kit.http.request_cycle import EdgeConfig, RequestCycle
from auth_api.kit.http.request_screening import RequestScreening
from auth_api.kit.http.token_transport import API, TOKEN_TRANSPORT
from auth_api.kit.log_format import request_id_of_context
from auth_api.kit.metrics import REQUESTS_IN_PROGRESS

OVERLOAD_DELAY_SECONDS: Final = 0.2
"""Delay of a refusal because of overload. Without it, clients that repeat each refused request at once, and ignore
`Retry-After`, use up the processor time that accepted requests need (FT23 in docs/reliability.md)."""


class EdgeMiddleware:
    """ASGI middleware around the application.

    Args:
        app: the application.
        config: the configuration that all requests share.
        screening: refuses requests by their method, URL and headers.
        timeout: seconds until a request is cancelled, which rolls its transaction back.
        load_shedders: refuse requests to their routes before any other work, so that a refusal costs little; it does
            not count in the limits that need a database query.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        config: EdgeConfig,
        screening: RequestScreening,
        timeout: float,
        load_shedders: RouteShedders = NO_SHEDDERS,
    ) -> None:
        self._app = app
        self._config = config
        self._screening = screening
        self._load_shedders = load_shedders
        self._deadlines: Deadlines[asyncio.Task[Any]] = Deadlines(timeout, interrupt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        cycle = RequestCycle(self._config, scope, receive, send)
        token = request_id_of_context.set(cycle.request_id)
        REQUESTS_IN_PROGRESS.inc()
        try:
            await self._respond_in_time(cycle)
        finally:
            REQUESTS_IN_PROGRESS.dec()
            cycle.finish()
            request_id_of_context.reset(token)

    async def _respond_in_time(self, cycle: RequestCycle) -> None:
        task: Any = asyncio.current_task()
        self._deadlines.start(task)
        try:
            await self._respond(cycle)
        except asyncio.CancelledError:
            if not was_interrupted(task):
                raise
            await self._send_interruption(cycle)
        finally:
            self._deadlines.stop(task)
            clear(task)

    async def _send_interruption(self, cycle: RequestCycle) -> None:
        """Respond to a request that was cancelled at its timeout or at shutdown; its transaction is rolled back."""
        error = RequestTimeoutException() if cycle.awaits_body else ServerOverloadedException()
        logger.bind(event="request:interrupted", error_code=error.error_code).warning("request interrupted")
        if cycle.status:  # the response has begun: the server closes the connection
            raise error
        await cycle.send_refusal(error)

    async def _respond(self, cycle: RequestCycle) -> None:
        try:
            refusal = cycle.refusal or self._screening.refusal(cycle.scope, cycle.headers, cycle.client_ip)
            if refusal is not None:
                await cycle.send_refusal(refusal)
                return
            if is_preflight(cycle.method, cycle.headers):
                await cycle.send_preflight(self._config.cors.preflight(cycle.headers, cycle.route_path))
                return
            is_in_cookie_mode = TOKEN_TRANSPORT in cycle.headers and cycle.route_path.startswith(API)
            if is_in_cookie_mode:
                refusal = self._config.token_transport.refusal(cycle.scope["headers"], cycle.method)
                if refusal is not None:
                    await cycle.send_error(refusal)
                    return
            shedder = self._load_shedders.get((cycle.method, cycle.route_path))
            if shedder is not None and (overload := shedder.overload_error()) is not None:
                shedder.count_refusal()
                await asyncio.sleep(OVERLOAD_DELAY_SECONDS)
                await cycle.send_overload_error(overload)
                return
            if is_in_cookie_mode:
                await self._config.token_transport.respond(self._app, cycle.scope, cycle.receive, cycle.send)
                return
            await self._app(cycle.scope, cycle.receive, cycle.send)
        except Exception as error:
            logger.bind(event="request:failed", error_type=type(error).__name__).opt(exception=error).error(
                "unexpected error outside of the application"
            )
            if cycle.status:  # the response has begun: the server closes the connection
                raise
            await cycle.send_error(InternalErrorException())
