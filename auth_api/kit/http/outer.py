"""The outermost layer: what holds for every request, whichever layer answers it.

Litestar's own middleware never sees a 404, a 405, a preflight or a refused token. So the request id, the access log,
CORS, the security headers, limits of size and time and the last-resort envelope wrap the whole application.
"""

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from loguru import logger

from auth_api.kit.errors import (
    InternalErrorException,
    RequestTimeoutException,
    RetryLaterException,
    ServerOverloadedException,
)
from auth_api.kit.http.admission import Admission
from auth_api.kit.http.cors import is_preflight
from auth_api.kit.http.exchange import Exchange, Surroundings
from auth_api.kit.log_lines import request_id_of_context
from auth_api.kit.metrics import REQUESTS_IN_PROGRESS
from auth_api.kit.time_limit import Deadlines, interrupt, settle, was_interrupted

RoomCheck = Callable[[], None]
"""Raises RetryLaterException where one more request would be refused later, after much work."""

NO_CHECKS: Final[Mapping[str, RoomCheck]] = MappingProxyType({})


class Outer:
    """Wraps an ASGI application.

    Args:
        app: what answers requests that are not refused here.
        shared: what every exchange needs.
        admission: what is refused here.
        time_limit: seconds until a request is cut short, which rolls its transaction back.
        room_checks: for the paths whose every POST needs something scarce. They are asked before anything is done for
            a request: a flood is turned away for next to nothing, and its refusals count in no limit that costs a
            query.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        shared: Surroundings,
        admission: Admission,
        time_limit: float,
        room_checks: Mapping[str, RoomCheck] = NO_CHECKS,
    ) -> None:
        self._app = app
        self._shared = shared
        self._admission = admission
        self._room_checks = room_checks
        self._deadlines: Deadlines[asyncio.Task[Any]] = Deadlines(time_limit, interrupt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        exchange = Exchange(self._shared, scope, receive, send)
        token = request_id_of_context.set(exchange.request_id)
        REQUESTS_IN_PROGRESS.inc()
        try:
            await self._answer_in_time(exchange)
        finally:
            REQUESTS_IN_PROGRESS.dec()
            exchange.finish()
            request_id_of_context.reset(token)

    async def _answer_in_time(self, exchange: Exchange) -> None:
        task: Any = asyncio.current_task()
        self._deadlines.start(task)
        try:
            await self._answer(exchange)
        except asyncio.CancelledError:
            if not was_interrupted(task):
                raise
            await self._put_off(exchange)
        finally:
            self._deadlines.stop(task)
            settle(task)

    async def _put_off(self, exchange: Exchange) -> None:
        """The time is up, or the server ends. All that was done is rolled back by now."""
        error = RequestTimeoutException() if exchange.awaits_body else ServerOverloadedException()
        logger.bind(error_code=error.error_code).warning("request cut short")
        if exchange.status:  # too late for an envelope: the server cuts the connection
            raise error
        await exchange.send_refusal(error)

    async def _answer(self, exchange: Exchange) -> None:
        try:
            refusal = exchange.refusal or self._admission.refusal(exchange.scope, exchange.headers, exchange.address)
            if refusal is not None:
                await exchange.send_refusal(refusal)
                return
            if is_preflight(exchange.method, exchange.headers):
                await exchange.send_preflight(self._shared.cors.preflight(exchange.headers))
                return
            if (lack := self._lack_of_room(exchange)) is not None:
                await exchange.send_lack_of_room(lack)
                return
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception as error:
            logger.opt(exception=error).error("unexpected error outside of the application")
            if exchange.status:  # too late for an envelope: the server cuts the connection
                raise
            await exchange.send_error(InternalErrorException())

    def _lack_of_room(self, exchange: Exchange) -> RetryLaterException | None:
        check = self._room_checks.get(exchange.path)
        if check is not None and exchange.method == "POST":
            try:
                check()
            except RetryLaterException as error:
                return error
        return None
