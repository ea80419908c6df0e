"""Tells applications whether a token is valid (RFC 7662), and revokes tokens (RFC 7009)."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from auth_api.kit import base64url
from auth_api.kit.crypto.tokens import OAUTH_REFRESH_TOKEN, digest
from auth_api.kit.errors import AuthException
from auth_api.kit.http.oauth_errors import UnauthorizedClientException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.grants.grant import GrantEnd
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.keys.oauth_keys import OAuthKeys
from auth_api.oauth.token.verification import AccessTokenVerification
from auth_api.sessions.service import SessionService
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService

INACTIVE: Final[dict[str, Any]] = {"active": False}
"""The answer about every token that the application may not know about: it says nothing else (RFC 7662 §2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStatus:
    """Answers questions about tokens, and revokes them."""

    keys: OAuthKeys
    grants: Grants
    verification: AccessTokenVerification
    sessions: SessionService
    users: UserService

    async def introspect(self, client: OAuthClient, raw: str) -> dict[str, Any]:
        """Return what the application may know about a token: its own, or those for resources that it introspects."""
        if raw.startswith(OAUTH_REFRESH_TOKEN.prefix):
            return await self._refresh_token(client, raw) or INACTIVE
        claims = await self._access_token(client, raw) or await self._token_of_session(client, raw)
        return {"active": True, "token_type": "Bearer", **claims} if claims else INACTIVE

    async def revoke(self, client: OAuthClient, raw: str, request_context: RequestContext) -> None:
        """Revoke a token of the application: a refresh token with its grant, an access token by itself.

        An unknown token is ignored.

        Raises:
            UnauthorizedClientException: the token belongs to another application.
        """
        if raw.startswith(OAUTH_REFRESH_TOKEN.prefix):
            grant = await self.grants.find_by_refresh_token(raw)
            if grant is not None and digest(raw) in {grant.refresh_hash, grant.previous_hash}:
                _check_owner(client, grant.client_id)
                await self.grants.end(grant.id, request_context, reason=GrantEnd.REVOKED_BY_CLIENT)
        elif (claims := self.keys.verify_access_token(raw, self.verification.clock())) is not None:
            _check_owner(client, claims["client_id"])
            await self.verification.revoke(claims)

    async def _refresh_token(self, client: OAuthClient, raw: str) -> dict[str, Any] | None:
        grant = await self.grants.find_by_refresh_token(raw)
        if grant is None or grant.client_row_id != client.id or grant.refresh_hash != digest(raw):
            return None
        end = {"exp": int(grant.expires_at.timestamp())} if grant.is_offline else {}
        return {
            "active": True,
            "client_id": client.client_id,
            "scope": " ".join(grant.scopes),
            "sub": grant.person.subject,
            "iat": int(grant.created_at.timestamp()),
            **end,
        }

    async def _access_token(self, client: OAuthClient, raw: str) -> dict[str, Any] | None:
        token = await self.verification.find(raw)
        if token is None:
            return None
        is_known = token.claims["client_id"] == client.client_id or token.claims["aud"] in client.introspects
        return dict(token.claims) if is_known else None

    async def _token_of_session(self, client: OAuthClient, raw: str) -> dict[str, Any] | None:
        """Return the claims of an access token of this server's own API, and the subject of its user elsewhere."""
        if self.sessions.policy.audience not in client.introspects:
            return None
        try:
            principal = await self.sessions.principal(self.sessions.access_tokens.verify(raw))
            details = await self.users.get_details(principal.id)
        except (AuthException, UserNotFoundException):
            return None
        claims: dict[str, Any] = msgspec.json.decode(base64url.decode(raw.split(".")[1]))
        return {**claims, "subject": details.subject}


def _check_owner(client: OAuthClient, client_id: str) -> None:
    if client.client_id != client_id:
        raise UnauthorizedClientException
