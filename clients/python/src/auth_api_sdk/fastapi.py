"""Require access tokens of auth_api in FastAPI."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from fastapi.security.base import SecurityBase

from auth_api_sdk.gate import Gate
from auth_api_sdk.principal import Principal
from auth_api_sdk.requirements import PROBLEM_MEDIA_TYPE, Names, Refusal, requirement
from auth_api_sdk.verification import AsyncTokenVerifier, TokenVerifier

__all__ = ["Principal", "RefusedRequest", "TokenAuth"]


class _AccessToken(SecurityBase):
    """Describes the tokens in OpenAPI; `TokenAuth` reads them, as it does for WebSockets, too."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token of auth_api.")
        self.scheme_name = "auth_api"

    async def __call__(self) -> None:
        """Read nothing."""


_access_token = _AccessToken()


class RefusedRequest(HTTPException):
    """A request is refused; with `TokenAuth.install`, the response is a problem document."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status, refusal.detail, refusal.headers)
        self.problem = refusal.problem


class TokenAuth:
    """Lets requests with an access token in.

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
    ) -> Callable[..., Awaitable[Principal]]:
        """Return a dependency whose value is the sender of a request, or who opens a WebSocket.

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

        async def sender(connection: HTTPConnection, _: Annotated[None, Depends(_access_token)]) -> Principal:
            try:
                return await self._gate.admit(connection.headers.get("authorization"), required)
            except Refusal as refusal:
                raise RefusedRequest(refusal) from refusal

        return sender

    def install(self, app: FastAPI) -> None:
        """Let the application respond with problem documents, and read keys and revocations while it runs."""
        app.add_exception_handler(RefusedRequest, _respond)
        inner = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
            await self._gate.start()
            try:
                async with inner(served) as state:
                    yield state
            finally:
                await self._gate.close()

        app.router.lifespan_context = lifespan


async def _respond(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedRequest)  # noqa: S101 - `install` registers it for nothing else
    return JSONResponse(error.problem, error.status_code, error.headers, media_type=PROBLEM_MEDIA_TYPE)
