"""Require access tokens of auth_api in Litestar."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import Dependency, Provide
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import SkipValidationMarker
from litestar.plugins import InitPlugin
from litestar.types import Scope

from auth_api_sdk.gate import ANYONE, Gate
from auth_api_sdk.principal import Principal
from auth_api_sdk.requirements import PROBLEM_MEDIA_TYPE, Names, Refusal, Requirement, requirement
from auth_api_sdk.verification import AsyncTokenVerifier, TokenVerifier

__all__ = ["Principal", "Refusal", "Sender", "TokenAuth"]

SECURITY_SCHEME: Final = "auth_api"
_SENDER: Final = "auth_api_sdk.principal"
_CLOSE_CODES: Final = 4000
"""A refused WebSocket is closed with this number and the status; the reason is the `error_code`."""

Sender = Annotated[Principal, Dependency(), SkipValidationMarker()]
"""The type of the parameter `principal` of a handler."""

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


class TokenAuth(InitPlugin):
    """Lets requests with an access token in: a plugin of the application.

    Handlers get their sender as the parameter `principal: Sender`. Their guards say what else is required.

    Args:
        verifier: verifies the tokens. A `TokenVerifier` does that in another thread, so prefer `AsyncTokenVerifier`.
    """

    def __init__(self, verifier: AsyncTokenVerifier | TokenVerifier) -> None:
        self._gate = Gate(verifier)

    def requires(
        self,
        *,
        role: Names = None,
        permission: Names = None,
        scope: Names = None,
        acr: str | None = None,
        max_age: int | None = None,
    ) -> Guard:
        """Return a guard.

        Args:
            role: one or several roles that the sender must have.
            permission: one or several permissions; auth_api is asked for them.
            scope: one or several scopes that the token must have.
            acr: the weakest accepted level of the login: `aal1`, `aal2` or `phr`.
            max_age: the greatest accepted age of the login, in seconds.

        Raises:
            ConfigurationError: a permission is required, but the verifier has no service key.
        """
        required = requirement(role=role, permission=permission, scope=scope, acr=acr, max_age=max_age)
        self._gate.check_configuration(required)

        async def guard(connection: Connection, _: BaseRouteHandler) -> None:
            connection.scope["state"][_SENDER] = await self._admit(connection, required)

        return guard

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the dependency, the error handler, the background work and the security scheme to an application."""

        async def principal(scope: Scope) -> Principal:
            known: Principal | None = scope["state"].get(_SENDER)
            return known or await self._admit(ASGIConnection(scope))

        @asynccontextmanager
        async def lifespan(_: Litestar) -> AsyncIterator[None]:
            await self._gate.start()
            try:
                yield
            finally:
                await self._gate.close()

        app_config.dependencies.setdefault("principal", Provide(principal))  # the first of several plugins
        app_config.exception_handlers[Refusal] = _respond
        app_config.lifespan.insert(0, lifespan)
        app_config.signature_types.append(Principal)
        if app_config.openapi_config is not None:
            scheme = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT", description="An access token.")
            named = Components(security_schemes={SECURITY_SCHEME: scheme})
            given = app_config.openapi_config.components
            app_config.openapi_config.components = [named, *(given if isinstance(given, list) else [given])]
        return app_config

    async def _admit(self, connection: Connection, required: Requirement = ANYONE) -> Principal:
        try:
            return await self._gate.admit(connection.headers.get("authorization"), required)
        except Refusal as refusal:
            if connection.scope["type"] != ScopeType.WEBSOCKET:
                raise
            raise WebSocketException(detail=refusal.code, code=_CLOSE_CODES + refusal.status) from refusal


def _respond(_: Request[Any, Any, Any], refusal: Refusal) -> Response[dict[str, Any]]:
    return Response(refusal.problem, status_code=refusal.status, headers=refusal.headers, media_type=PROBLEM_MEDIA_TYPE)
