"""Routes of introspection and revocation."""

from typing import Any

from litestar import Controller, Request, Response, post

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.oauth_errors import InvalidRequestException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.authentication import ClientAuthentication
from auth_api.oauth.introspection.service import TokenStatus
from auth_api.oauth.protocol.parameters import Parameters, read_parameters


class TokenStatusController(Controller):
    """Introspection (RFC 7662) and revocation (RFC 7009)."""

    path = "/oauth2"
    opt = {ACCESS: PUBLIC}  # noqa: RUF012 - Litestar declares it without ClassVar
    include_in_schema = False

    @post("/introspect", status_code=200)
    async def introspect(
        self,
        request: Request[Any, Any, Any],
        client_authentication: Injected[ClientAuthentication],
        token_status: Injected[TokenStatus],
    ) -> dict[str, Any]:
        """Return whether a token is valid, and what it states."""
        parameters = await read_parameters(request)
        client = await client_authentication.authenticate(request, parameters, allows_public=False)
        return await token_status.introspect(client, _token(parameters))

    @post("/revoke", status_code=200)
    async def revoke(
        self,
        request: Request[Any, Any, Any],
        client_authentication: Injected[ClientAuthentication],
        token_status: Injected[TokenStatus],
        request_context: Injected[RequestContext],
    ) -> Response[bytes]:
        """Revoke a token."""
        parameters = await read_parameters(request)
        client = await client_authentication.authenticate(request, parameters)
        await token_status.revoke(client, _token(parameters), request_context)
        return Response(b"", media_type="text/plain")


def _token(parameters: Parameters) -> str:
    """Return the token of the request; its `token_type_hint` is not needed.

    Raises:
        InvalidRequestException: it is missing.
    """
    if (token := parameters.get("token")) is None:
        raise InvalidRequestException
    return token
