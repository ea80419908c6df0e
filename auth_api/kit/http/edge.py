"""The outermost layer: what holds for every request, whichever layer answers it.

Litestar's own middleware never sees a 404, a 405, a preflight or a refused token. So the request id, the access log,
CORS, the security headers, limits of size and time and the last-resort envelope wrap the whole application.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from loguru import logger

from auth_api.kit.deadlines import Deadlines, interrupt, settle, was_interrupted
from auth_api.kit.errors import (
    InternalErrorException,
    RequestTimeoutException,
    RetryLaterException,
    ServerOverloadedException,
)
from auth_api.kit.http.cors import is_preflight
from auth_api.kit.http.request_cycle import Exchange, Surroundings
from auth_api.kit.http.request_screening import Admission
from auth_api.kit.log_format import request_id_of_context
from auth_api.kit.metrics import REQUESTS_IN_PROGRESS


class Room(Protocol):
    """Something scarce that requests need."""

    def lack_of_room(self) -> RetryLaterException | None:
        """Return why one more request would be refused later, after much work; None where it would not."""

    def count_refusal(self) -> None:
        """Count a request that was refused for that."""


NO_ROOMS: Final[Mapping[str, Room]] = MappingProxyType({})


class Outer:
    """Wraps an ASGI application.

    Args:
        app: what answers requests that are not refused here.
        shared: what every exchange needs.
        admission: what is refused here.
        time_limit: seconds until a request is cut short, which rolls its transaction back.
        rooms: for the paths whose every POST needs something scarce. They are asked before anything is done for a
            request: a flood is turned away for next to nothing, and its refusals count in no limit that costs a query.
            Where a server of ours has asked before, and held the request back, that counts.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        shared: Surroundings,
        admission: Admission,
        time_limit: float,
        rooms: Mapping[str, Room] = NO_ROOMS,
    ) -> None:
        self._app = app
        self._shared = shared
        self._admission = admission
        self._rooms = rooms
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
            room = self._rooms.get(exchange.path) if exchange.method == "POST" else None
            if room is not None and (lack := exchange.lack_of_room or room.lack_of_room()) is not None:
                room.count_refusal()
                await exchange.send_lack_of_room(lack)
                return
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception as error:
            logger.opt(exception=error).error("unexpected error outside of the application")
            if exchange.status:  # too late for an envelope: the server cuts the connection
                raise
            await exchange.send_error(InternalErrorException())
