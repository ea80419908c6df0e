"""The token endpoint: finds out which grant type a request uses."""

from dataclasses import dataclass

from loguru import logger

from auth_api.kit.http.oauth_errors import (
    InvalidRequestException,
    InvalidScopeException,
    UnauthorizedClientException,
    UnsupportedGrantTypeException,
)
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client import GrantType, OAuthClient
from auth_api.oauth.device.polling import DevicePolling
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.token.grant_types import GRANT_TYPES
from auth_api.oauth.token.issuer import TokenIssuer
from auth_api.oauth.token.metrics import TOKENS
from auth_api.oauth.token.redemption import Redemption
from auth_api.oauth.token.refreshing import TokenRefresh
from auth_api.oauth.token.schemas import TokenResponse
from auth_api.oauth.token.token_scope import TokenScopes, requested_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenService:
    """Exchanges what applications hold for tokens."""

    redemption: Redemption
    refreshing: TokenRefresh
    device_polling: DevicePolling
    scopes: TokenScopes
    issuer: TokenIssuer

    async def exchange(
        self, client: OAuthClient, parameters: Parameters, request_context: RequestContext
    ) -> TokenResponse:
        """Return the tokens of a request of an authenticated application.

        Raises:
            OAuthException: the request is refused.
        """
        name = parameters.get("grant_type")
        if name is None:
            raise InvalidRequestException
        if (grant_type := GRANT_TYPES.get(name)) is None:
            raise UnsupportedGrantTypeException
        if grant_type not in client.grant_types:
            raise UnauthorizedClientException
        response = await self._exchange(grant_type, client, parameters, request_context)
        TOKENS[grant_type].inc()
        logger.bind(event="oauth_token:issued", client=client.client_id, grant_type=grant_type.value).info("issued")
        return response

    async def _exchange(
        self, grant_type: GrantType, client: OAuthClient, parameters: Parameters, request_context: RequestContext
    ) -> TokenResponse:
        if grant_type is GrantType.AUTHORIZATION_CODE:
            return await self.redemption.redeem_code(client, parameters, request_context)
        if grant_type is GrantType.REFRESH_TOKEN:
            return await self.refreshing.refresh(client, parameters, request_context)
        if grant_type is GrantType.DEVICE_CODE:
            return await self._for_device(client, parameters, request_context)
        return await self._for_client(client, parameters)

    async def _for_device(
        self, client: OAuthClient, parameters: Parameters, request_context: RequestContext
    ) -> TokenResponse:
        """Return the tokens of a device whose request the user has approved (RFC 8628 §3.4)."""
        device_code = parameters.get("device_code")
        if device_code is None:
            raise InvalidRequestException
        request = await self.device_polling.poll(client, device_code)
        return await self.redemption.redeem(client, request, parameters, request_context)

    async def _for_client(self, client: OAuthClient, parameters: Parameters) -> TokenResponse:
        """Return an access token of an application that acts for itself. Only resources have scopes for it."""
        held = await self.scopes.of_client(client)
        names = await self.scopes.requested(parameters, held) or held.names
        if not names:
            raise InvalidScopeException
        return self.issuer.for_client(client, held.select(names, requested_resource(parameters)))
