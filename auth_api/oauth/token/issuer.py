"""Signs the tokens of a response."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec
from msgspec import UNSET

from auth_api.kit.clock import Clock
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.grants.grant import Grant
from auth_api.oauth.keys.oauth_keys import OAuthKeys, at_hash
from auth_api.oauth.token.schemas import TokenResponse
from auth_api.oauth.token.token_scope import TokenScope
from auth_api.sessions.assurance import assurance_level, stated_methods

ID_TOKEN_SECONDS: Final = 600

JTI_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Signs access tokens (RFC 9068) and ID tokens (OpenID Connect Core §2).

    Attributes:
        keys: sign the tokens.
        access_token_ttl: lifetime of access tokens, unless their resource has another one.
        mfa_max_age: for how long a second factor counts; None if without limit.
        clock: dates the tokens.
    """

    keys: OAuthKeys
    access_token_ttl: timedelta
    mfa_max_age: timedelta | None
    clock: Clock

    def for_client(self, client: OAuthClient, token: TokenScope) -> TokenResponse:
        """Return an access token of an application that acts for itself (RFC 6749 §4.4)."""
        return self._response(client, token, {"sub": client.client_id})

    async def for_user(  # noqa: PLR0913 - what the tokens state
        self,
        client: OAuthClient,
        token: TokenScope,
        grant: Grant,
        *,
        refresh_token: str | None,
        nonce: str | None = None,
        is_first: bool = False,
    ) -> TokenResponse:
        """Return the tokens of a grant, with an ID token if its scopes include `openid`.

        How the user had proved their identity is stated by the first tokens, and while the grant depends on a session.

        Args:
            client: the application.
            token: what the access token is for.
            grant: the grant.
            refresh_token: the valid refresh token; None if there is none.
            nonce: that of the request for authorization (OpenID Connect Core §3.1.2.1).
            is_first: whether a code was redeemed, not a refresh token.
        """
        facts = self._facts(grant, token, states_proof=is_first or not grant.is_offline)
        response = self._response(client, token, {**facts, "gid": str(grant.id)}, refresh_token=refresh_token)
        if "openid" not in token.scopes:
            return response
        now = self._now()
        claims = {
            **facts,
            "iss": self.keys.issuer,
            "aud": client.client_id,
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
            "at_hash": at_hash(response.access_token),
            **({"nonce": nonce} if nonce is not None else {}),
        }
        return msgspec.structs.replace(response, id_token=await self.keys.sign_id_token(claims))

    def _facts(self, grant: Grant, token: TokenScope, *, states_proof: bool) -> dict[str, Any]:
        """Return the claims about the user that both tokens have."""
        facts: dict[str, Any] = {"sub": grant.person.subject, "auth_time": int(grant.auth_time.timestamp())}
        if states_proof:
            level = assurance_level(grant.session_amr, grant.session_mfa_at, grant.now, max_age=self.mfa_max_age)
            facts |= {"acr": level, "amr": stated_methods(grant.session_amr, level)}
        if "roles" in token.scopes:
            facts["roles"] = grant.person.roles
        return facts

    def _response(
        self, client: OAuthClient, token: TokenScope, facts: dict[str, Any], *, refresh_token: str | None = None
    ) -> TokenResponse:
        resource, now = token.resource, self._now()
        minutes = resource.access_token_minutes if resource else None
        seconds = 60 * minutes if minutes else int(self.access_token_ttl.total_seconds())
        scope = " ".join(token.scopes)
        claims = {
            **facts,
            "iss": self.keys.issuer,
            "aud": resource.identifier if resource else f"{self.keys.issuer}/oauth2/userinfo",
            "client_id": client.client_id,
            "scope": scope,
            "iat": now,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(JTI_BYTES),
        }
        return TokenResponse(
            access_token=self.keys.sign_access_token(claims),
            expires_in=seconds,
            scope=scope,
            refresh_token=refresh_token or UNSET,
        )

    def _now(self) -> int:
        return int(self.clock().timestamp())
