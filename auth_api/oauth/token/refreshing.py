"""Exchanges a refresh token for new tokens (RFC 6749 §6)."""

from dataclasses import dataclass

from auth_api.kit.http.oauth_errors import InvalidGrantException, InvalidRequestException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.grants.grant_tokens import GrantTokens
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.token.issuer import TokenIssuer
from auth_api.oauth.token.schemas import TokenResponse
from auth_api.oauth.token.token_scope import TokenScopes, requested_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefresh:
    """Refreshes the tokens of grants. Only applications without a secret get another refresh token each time."""

    grants: Grants
    grant_tokens: GrantTokens
    scopes: TokenScopes
    issuer: TokenIssuer

    async def refresh(
        self, client: OAuthClient, parameters: Parameters, request_context: RequestContext
    ) -> TokenResponse:
        """Return new tokens. A narrower `scope` holds for this access token only.

        Raises:
            InvalidRequestException: `refresh_token` is missing.
            InvalidGrantException: the token is not valid, or its grant is not live.
            InvalidScopeException: `scope` goes beyond the grant.
            InvalidTargetException: `resource` is not part of the grant, or is needed and missing.
            ServerOverloadedException: see `GrantTokens.refresh`.
        """
        if (raw := parameters.get("refresh_token")) is None:
            raise InvalidRequestException
        grant = await self.grants.find_by_refresh_token(raw)
        if grant is None or grant.client_row_id != client.id:
            raise InvalidGrantException
        held = await self.scopes.of_grant(client, grant.scopes, resources=grant.resources)
        names = await self.scopes.requested(parameters, held) or held.names
        token = held.select(names, requested_resource(parameters))
        valid = await self.grant_tokens.refresh(raw, grant, request_context, is_rotated=not client.has_secret)
        if valid is None:
            raise InvalidGrantException
        return await self.issuer.for_user(client, token, grant, refresh_token=valid)
