"""Bearer authentication of every route that is not public: Litestar's JWT middleware with our access tokens."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import Request
from litestar.openapi.spec import Components, SecurityScheme
from litestar.security.jwt import JWTAuth
from litestar.security.jwt.middleware import JWTAuthenticationMiddleware
from litestar.types import Receive, Scope, Send

from auth_api.kit.http.openapi import BEARER
from auth_api.kit.http.scope_keys import ACTOR
from auth_api.sessions.access_tokens import AccessTokenClaims, AccessTokens
from auth_api.sessions.bearer_token import bearer_token
from auth_api.sessions.errors import AuthenticationRequiredException
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService


def optional_principal(sessions: SessionService) -> Callable[[Request[Any, Any, Any]], Awaitable[Principal | None]]:
    """Return the dependency of public routes that accept a token without needing one."""

    async def find(request: Request[Any, Any, Any]) -> Principal | None:
        try:
            token = bearer_token(request.scope)
        except AuthenticationRequiredException:
            return None
        # An invalid token is an error: without a token, verifying an e-mail address may lock the password.
        return await sessions.principal(sessions.access_tokens.verify(token))

    return find


class BearerMiddleware(JWTAuthenticationMiddleware):
    """Verifies the access token and loads its session.

    Litestar's own middleware ignores the scheme, `kid` and `typ`, reads the wall clock, and responds to all errors in
    the same way. Its attribute `token_secret` holds our `AccessTokens` here.
    """

    token_secret: AccessTokens  # type: ignore[assignment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate a request and pass it on. A token that expires afterwards does not interrupt the request.

        Raises:
            AuthException: from `AccessTokens.verify` and `SessionService.principal`.
        """
        if not scope["route_handler"].opt.get(self.exclude_opt_key):
            claims = self.token_secret.verify(bearer_token(scope))
            scope["auth"] = claims
            scope["user"] = await self.retrieve_user_handler(claims, None)  # type: ignore[arg-type]
            scope["state"][ACTOR] = scope["user"].actor
        await self.app(scope, receive, send)


class BearerAuth(JWTAuth[Principal]):
    """Litestar's JWT authentication, with a security scheme that is valid OpenAPI."""

    @property
    def openapi_components(self) -> Components:
        """Describe the security scheme, for which Swagger UI offers "Authorize"."""
        scheme = SecurityScheme(
            type="http",
            scheme="bearer",
            bearer_format="JWT",
            description="The `access_token` from the response of registration, login or refresh.",
        )
        return Components(security_schemes={BEARER: scheme})


def bearer_auth(sessions: SessionService) -> BearerAuth:
    """Return the authentication of all routes except those with `exclude_from_auth` in their `opt`."""

    async def retrieve_principal(claims: AccessTokenClaims, _connection: object) -> Principal:
        return await sessions.principal(claims)

    return BearerAuth(
        token_secret=sessions.access_tokens,  # type: ignore[arg-type]  # used by BearerMiddleware
        retrieve_user_handler=retrieve_principal,
        authentication_middleware_class=BearerMiddleware,
        openapi_security_scheme_name=BEARER,
    )
