"""Route of the token endpoint."""

from typing import Any, Final

from litestar import Controller, Request, post

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.oauth_errors import AuthorizationPendingException, OAuthException, SlowDownException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.authentication import ClientAuthentication
from auth_api.oauth.protocol.parameters import read_parameters
from auth_api.oauth.token.schemas import TokenResponse
from auth_api.oauth.token.service import TokenService

REPEATABLE: Final = frozenset({"resource"})


class TokenController(Controller):
    """The token endpoint (RFC 6749 §3.2)."""

    path = "/oauth2"
    opt = {ACCESS: PUBLIC}  # noqa: RUF012 - Litestar declares it without ClassVar
    include_in_schema = False

    @post("/token", status_code=200)
    async def exchange(
        self,
        request: Request[Any, Any, Any],
        client_authentication: Injected[ClientAuthentication],
        token_service: Injected[TokenService],
        request_context: Injected[RequestContext],
    ) -> TokenResponse:
        """Return tokens for a code, a refresh token or a device code, or for the application itself."""
        parameters = await read_parameters(request, repeatable=REPEATABLE)
        client = await client_authentication.authenticate(request, parameters)
        try:
            return await token_service.exchange(client, parameters, request_context)
        except (AuthorizationPendingException, SlowDownException):
            raise
        except OAuthException:
            client_authentication.count_failure(request)
            raise
