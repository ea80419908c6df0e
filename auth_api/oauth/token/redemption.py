"""Exchanges an authorization code, or an approved device code, for tokens (RFC 6749 §4.1.3, RFC 8628 §3.4)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from auth_api.kit import base64url
from auth_api.kit.clock import Clock
from auth_api.kit.db.database import Database
from auth_api.kit.http.oauth_errors import InvalidGrantException, InvalidRequestException
from auth_api.kit.request_context import RequestContext
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.clients.client import GrantType, OAuthClient
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.grants.grant import Grant, GrantEnd, NewGrant
from auth_api.oauth.grants.grant_tokens import GrantTokens
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.requests.request import OAuthRequest, RequestKind
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.resources.built_in_scopes import OFFLINE_ACCESS
from auth_api.oauth.token.issuer import TokenIssuer
from auth_api.oauth.token.schemas import TokenResponse
from auth_api.oauth.token.token_scope import HeldScopes, TokenScopes, requested_resource
from auth_api.users.service import UserService

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636 §4.1."""


class _RefusedError(Exception):
    """The grant would not be live. Rolls the claim back, so that the code stays valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """Redeems what users have approved. A code can be redeemed once; its second use ends the grant of the first."""

    database: Database
    users: UserService
    requests: OAuthRequests
    consents: Consents
    grants: Grants
    grant_tokens: GrantTokens
    scopes: TokenScopes
    issuer: TokenIssuer
    clock: Clock

    async def redeem_code(
        self, client: OAuthClient, parameters: Parameters, request_context: RequestContext
    ) -> TokenResponse:
        """Return the tokens of a code. Only a request that proves to come from its application can use it up.

        Raises:
            InvalidRequestException: `code` or `redirect_uri` is missing.
            InvalidGrantException: the code is not valid, the redirect URI or the verifier is not that of the request
                for authorization, or the user may not use the application any longer.
            InvalidTargetException: `resource` was not granted, or is needed and missing.
        """
        code, redirect_uri = parameters.get("code"), parameters.get("redirect_uri")
        if code is None or redirect_uri is None:
            raise InvalidRequestException
        request = await self.requests.find_code(code)
        if request is None or request.client_id != client.id or redirect_uri != request.parameters.redirect_uri:
            raise InvalidGrantException
        _check_verifier(parameters.get("code_verifier"), request.parameters.code_challenge)
        try:
            return await self.redeem(client, request, parameters, request_context)
        except InvalidGrantException:
            present = await self.requests.find_code(code)  # a concurrent request may have redeemed it
            if present is not None and present.grant_id is not None:
                await self.grants.end(present.grant_id, request_context, reason=GrantEnd.CODE_REUSED)
            raise

    async def redeem(
        self, client: OAuthClient, request: OAuthRequest, parameters: Parameters, request_context: RequestContext
    ) -> TokenResponse:
        """Return the tokens of an approved request of this application. One that was redeemed before loses its grant.

        Raises:
            InvalidGrantException: it was redeemed before or has expired, or the user may not use the application any
                longer, or has withdrawn the consent.
            InvalidTargetException: `resource` was not granted, or is needed and missing.
        """
        if request.grant_id is not None:
            await self.grants.end(request.grant_id, request_context, reason=GrantEnd.CODE_REUSED)
            raise InvalidGrantException
        held = await self.scopes.of_grant(client, request.parameters.scopes, resources=None)
        token = held.select(held.names, requested_resource(parameters))
        try:
            grant, refresh_token = await self.database.transaction(lambda: self._make_grant(client, request, held))
        except _RefusedError:
            raise InvalidGrantException from None
        nonce = request.parameters.nonce
        return await self.issuer.for_user(client, token, grant, refresh_token=refresh_token, nonce=nonce, is_first=True)

    async def _make_grant(
        self, client: OAuthClient, request: OAuthRequest, held: HeldScopes
    ) -> tuple[Grant, str | None]:
        """Claim the request, and store the grant with its refresh token.

        The lock on the user makes it wait for what ends grants and consents, which would not see this grant.
        """
        user_id, session_id = request.user_id, request.session_id
        if user_id is None or session_id is None or await self.users.lock(user_id) is None:
            raise _RefusedError
        new = NewGrant(
            id=uuid7(self.clock()),
            client_row_id=client.id,
            user_id=user_id,
            session_id=session_id,
            is_offline=request.kind is RequestKind.DEVICE or OFFLINE_ACCESS in held.names,
            scopes=held.names,
            resources=held.resources,
            has_refresh_token=GrantType.REFRESH_TOKEN in client.grant_types,
        )
        if not await self.consents.hold(user_id, client.id):
            raise _RefusedError
        if not await self.requests.claim(request, grant_id=new.id):
            raise _RefusedError
        refresh_token = await self.grant_tokens.insert(new)
        grant = await self.grants.find(new.id)
        if grant is None:
            raise _RefusedError
        return grant, refresh_token


def _check_verifier(verifier: str | None, challenge: str | None) -> None:
    """Check that the verifier is that of the challenge, and that both or neither were sent (RFC 9700 §4.8.2).

    Raises:
        InvalidGrantException: it is not.
    """
    if verifier is None and challenge is None:
        return
    if verifier is None or challenge is None or _VERIFIER.fullmatch(verifier) is None:
        raise InvalidGrantException
    if base64url.encode(hashlib.sha256(verifier.encode()).digest()) != challenge:
        raise InvalidGrantException
