"""Bearer authentication of every route that is not declared public: Litestar's JWT middleware over our tokens."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.middleware.authentication import AuthenticationResult
from litestar.openapi.spec import Components, SecurityScheme
from litestar.security.jwt import JWTAuth
from litestar.security.jwt.middleware import JWTAuthenticationMiddleware

from auth_api.kit.http.openapi import BEARER
from auth_api.sessions.access_tokens import AccessTokenClaims, AccessTokens
from auth_api.sessions.errors import AuthenticationRequiredException, TokenInvalidException
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService

Connection = ASGIConnection[Any, Any, Any, Any]


def bearer_token(connection: Connection) -> str:
    """Return the token of the Authorization header (RFC 6750 §2.1; the scheme in any case, RFC 9110 §11.1).

    Raises:
        AuthenticationRequiredException: there is none.
        TokenInvalidException: there are several, and nobody could say which one counts.
    """
    values = [value for name, value in connection.scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise TokenInvalidException
    scheme, _, token = values[0].decode("latin-1").partition(" ") if values else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationRequiredException
    return token.strip()


def optional_principal(sessions: SessionService) -> Callable[[Request[Any, Any, Any]], Awaitable[Principal | None]]:
    """Make the dependency of public routes that do more for somebody who is logged in."""

    async def find(request: Request[Any, Any, Any]) -> Principal | None:
        try:
            token = bearer_token(request)
        except AuthenticationRequiredException:
            return None
        # A bad token is an error, not nobody: what is done for nobody may cost the sender the password.
        return await sessions.principal(sessions.access_tokens.verify(token))

    return find


class BearerMiddleware(JWTAuthenticationMiddleware):
    """Verifies the token, then looks its session up; Litestar's `token_secret` holds our `AccessTokens`.

    The stock one ignores scheme, `kid` and `typ`, reads the wall clock, and answers every mistake alike.
    """

    token_secret: AccessTokens  # type: ignore[assignment]

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Authenticate one request. Its token is judged now: one that expires later does not break it.

        Raises:
            AuthException: see `AccessTokens.verify` and `SessionService.principal`.
        """
        return await self.authenticate_token(bearer_token(connection), connection)

    async def authenticate_token(self, encoded_token: str, connection: Connection) -> AuthenticationResult:
        """Return the principal and the claims."""
        claims = self.token_secret.verify(encoded_token)
        principal = await self.retrieve_user_handler(claims, connection)  # type: ignore[arg-type]
        return AuthenticationResult(user=principal, auth=claims)


class BearerAuth(JWTAuth[Principal]):
    """Litestar's JWT set-up, with a security scheme that is valid OpenAPI."""

    @property
    def openapi_components(self) -> Components:
        """Describe the scheme to Swagger UI, which offers "Authorize" for it."""
        scheme = SecurityScheme(
            type="http",
            scheme="bearer",
            bearer_format="JWT",
            description="The `access_token` that registering, logging in and refreshing answer with.",
        )
        return Components(security_schemes={BEARER: scheme})


def bearer_auth(sessions: SessionService) -> BearerAuth:
    """Protect every route but those with `exclude_from_auth` in their `opt`."""

    async def retrieve_principal(claims: AccessTokenClaims, _connection: Connection) -> Principal:
        return await sessions.principal(claims)

    return BearerAuth(
        token_secret=sessions.access_tokens,  # type: ignore[arg-type]  # what the middleware verifies with
        retrieve_user_handler=retrieve_principal,
        authentication_middleware_class=BearerMiddleware,
        openapi_security_scheme_name=BEARER,
        exclude_http_methods=["OPTIONS"],
    )
