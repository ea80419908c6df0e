"""The outermost layer: what holds for every request, whichever layer answers it.

Litestar's own middleware never sees a 404, a 405, a preflight or a refused token. So the request id, the access log,
CORS, the security headers, limits of size and time and the last-resort envelope wrap the whole application.
"""

import asyncio
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from loguru import logger

from auth_api.kit.deadlines import Deadlines, clear, interrupt, was_interrupted
from auth_api.kit.errors import (
    InternalErrorException,
    RequestTimeoutException,
    ServerOverloadedException,
)
from auth_api.kit.http.cors import is_preflight
from auth_api.kit.http.load_shedding import NO_SHEDDERS, RouteShedders
from auth_api.kit.http.request_cycle import EdgeConfig, RequestCycle
from auth_api.kit.http.request_screening import RequestScreening
from auth_api.kit.log_format import request_id_of_context
from auth_api.kit.metrics import REQUESTS_IN_PROGRESS


class EdgeMiddleware:
    """Wraps an ASGI application.

    Args:
        app: what answers requests that are not refused here.
        shared: what every exchange needs.
        screening: what is refused here.
        time_limit: seconds until a request is cut short, which rolls its transaction back.
        load_shedders: refuse requests to their routes before any other work, so that a refusal costs little; it does
            not count in the limits that need a database query.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        shared: EdgeConfig,
        screening: RequestScreening,
        time_limit: float,
        load_shedders: RouteShedders = NO_SHEDDERS,
    ) -> None:
        self._app = app
        self._shared = shared
        self._admission = screening
        self._load_shedders = load_shedders
        self._deadlines: Deadlines[asyncio.Task[Any]] = Deadlines(time_limit, interrupt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        cycle = RequestCycle(self._shared, scope, receive, send)
        token = request_id_of_context.set(cycle.request_id)
        REQUESTS_IN_PROGRESS.inc()
        try:
            await self._answer_in_time(cycle)
        finally:
            REQUESTS_IN_PROGRESS.dec()
            cycle.finish()
            request_id_of_context.reset(token)

    async def _answer_in_time(self, cycle: RequestCycle) -> None:
        task: Any = asyncio.current_task()
        self._deadlines.start(task)
        try:
            await self._answer(cycle)
        except asyncio.CancelledError:
            if not was_interrupted(task):
                raise
            await self._put_off(cycle)
        finally:
            self._deadlines.stop(task)
            clear(task)

    async def _put_off(self, cycle: RequestCycle) -> None:
        """The time is up, or the server ends. All that was done is rolled back by now."""
        error = RequestTimeoutException() if cycle.awaits_body else ServerOverloadedException()
        logger.bind(error_code=error.error_code).warning("request cut short")
        if cycle.status:  # too late for an envelope: the server cuts the connection
            raise error
        await cycle.send_refusal(error)

    async def _answer(self, cycle: RequestCycle) -> None:
        try:
            refusal = cycle.refusal or self._admission.refusal(cycle.scope, cycle.headers, cycle.address)
            if refusal is not None:
                await cycle.send_refusal(refusal)
                return
            if is_preflight(cycle.method, cycle.headers):
                await cycle.send_preflight(self._shared.cors.preflight(cycle.headers))
                return
            shedder = self._load_shedders.get((cycle.method, cycle.route_path))
            if shedder is not None and (error := shedder.overload_error()) is not None:
                shedder.count_refusal()
                await cycle.send_overload_error(error)
                return
            await self._app(cycle.scope, cycle.receive, cycle.send)
        except Exception as exception:
            logger.opt(exception=exception).error("unexpected error outside of the application")
            if cycle.status:  # too late for an envelope: the server cuts the connection
                raise
            await cycle.send_error(InternalErrorException())
