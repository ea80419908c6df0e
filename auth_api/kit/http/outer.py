"""The outermost layer: what holds for every request, whichever layer answers it.

Litestar's own middleware never sees a 404, a 405, a preflight or a refused token. So the request id, the access log,
CORS, the security headers, limits of size and the last-resort envelope wrap the whole application.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from loguru import logger

from auth_api.kit.errors import InternalErrorException
from auth_api.kit.http.admission import Admission
from auth_api.kit.http.cors import is_preflight
from auth_api.kit.http.exchange import Exchange, Surroundings
from auth_api.kit.logging import request_id_of_context
from auth_api.kit.metrics import REQUESTS_IN_PROGRESS


class Outer:
    """Wraps an ASGI application.

    Args:
        app: what answers requests that are not refused here.
        shared: what every exchange needs.
        admission: what is refused here.
    """

    def __init__(self, app: ASGIApp, *, shared: Surroundings, admission: Admission) -> None:
        self._app = app
        self._shared = shared
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        exchange = Exchange(self._shared, scope, send)
        token = request_id_of_context.set(exchange.origin.request_id)
        REQUESTS_IN_PROGRESS.inc()
        try:
            await self._answer(exchange, receive)
        finally:
            REQUESTS_IN_PROGRESS.dec()
            exchange.finish()
            request_id_of_context.reset(token)

    async def _answer(self, exchange: Exchange, receive: Receive) -> None:
        try:
            refusal = self._admission.refusal(exchange.scope, exchange.headers, exchange.origin.ip_address)
            if refusal is not None:
                await exchange.send_refusal(refusal)
                return
            if is_preflight(exchange.method, exchange.headers):
                await exchange.send_preflight(self._shared.cors.preflight(exchange.headers))
                return
            await self._app(exchange.scope, receive, exchange.send)
        except Exception as error:
            logger.opt(exception=error).error("unexpected error outside of the application")
            if exchange.status:  # too late for an envelope: the server cuts the connection
                raise
            await exchange.send_error(InternalErrorException())
