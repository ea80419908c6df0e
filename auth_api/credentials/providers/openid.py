"""Providers of OpenID Connect: an ID token proves who the person is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from auth_api.credentials.providers.answers import AnswerRefusedError, json_object, text_or_none
from auth_api.credentials.providers.id_token_claims import LEEWAY_SECONDS, ExpectedClaims
from auth_api.credentials.providers.id_tokens import IdToken
from auth_api.credentials.providers.oauth import OAuthProvider
from auth_api.credentials.providers.provider import AuthorizationResponse, UpstreamIdentity
from auth_api.credentials.providers.role_claim import has_role_claim, mapped_roles
from auth_api.credentials.providers.upstream import Discovery, ProviderMetadata, SigningKeys

MAX_REREADS: Final = 2
"""A fetch that was under way when the provider signed a token may have returned the keys before that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdProvider(OAuthProvider):
    """Any provider of OpenID Connect."""

    discovery: Discovery
    keys: SigningKeys

    async def metadata(self) -> ProviderMetadata:
        """Return the discovery document."""
        return await self.discovery.read()

    def prompt_parameters(self, prompt: str | None) -> Mapping[str, str]:
        """Return `max_age`, too: only then does the ID token state when the person logged in."""
        return (
            {"prompt": "login", "max_age": "0"} if prompt == "login" else OAuthProvider.prompt_parameters(self, prompt)
        )

    def is_email_proven(self, claims: Mapping[str, Any]) -> bool:
        """Return whether a document with an e-mail address proves that the person owns it."""
        return self.settings.trust_email and claims.get("email_verified") is True

    async def identity(self, tokens: Mapping[str, Any], response: AuthorizationResponse) -> UpstreamIdentity:
        """Return who the person is. What the ID token lacks is read from the user info."""
        claims = await self._id_token_claims(tokens, response)
        issuer = self.issuer_of(str(claims.get("iss")))
        if issuer is None:
            raise AnswerRefusedError(reason="id_token.iss")
        userinfo = await self._userinfo(claims, tokens)
        with_email = claims if "email" in claims else userinfo
        everything = {**userinfo, **claims}
        email = text_or_none(with_email.get("email"))
        return UpstreamIdentity(
            provider=self.settings.id,
            issuer=issuer,
            subject=claims["sub"],
            email=email,
            is_email_proven=email is not None and self.is_email_proven(with_email),
            username=text_or_none(everything.get("preferred_username")),
            name=text_or_none(everything.get("name")),
            roles=mapped_roles(self.settings, claims if has_role_claim(self.settings, claims) else userinfo),
            auth_time=self._auth_time(claims),
        )

    async def _id_token_claims(self, tokens: Mapping[str, Any], response: AuthorizationResponse) -> dict[str, Any]:
        id_token = IdToken.parse(tokens.get("id_token"))
        claims = id_token.verified_claims(await self.keys.read())
        for _ in range(MAX_REREADS):
            if claims is None:  # the provider may have new keys
                claims = id_token.verified_claims(await self.keys.reread())
        if claims is None:
            raise AnswerRefusedError(reason="id_token.signature")
        ExpectedClaims(
            client_id=self.settings.client_id,
            nonce=response.nonce,
            access_token=tokens["access_token"],
            algorithm=id_token.algorithm,
            now=self.clock().timestamp(),
            min_auth_time=response.started_at.timestamp() - LEEWAY_SECONDS if response.requires_new_login else 0,
        ).check(claims)
        return claims

    async def _userinfo(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> dict[str, Any]:
        """Return the user info, or nothing if the ID token has all that is needed (OpenID Connect Core 1.0 §5.3)."""
        url = (await self.metadata()).userinfo_endpoint
        if url is None or ("email" in claims and has_role_claim(self.settings, claims)):
            return {}
        document = json_object(await self.read("userinfo", url, tokens), "userinfo.form")
        if document.get("sub") != claims["sub"]:
            raise AnswerRefusedError(reason="userinfo.sub")
        return document

    def _auth_time(self, claims: Mapping[str, Any]) -> datetime | None:
        """Return when the person logged in; the clock of the provider may be ahead."""
        if "auth_time" not in claims:
            return None
        return datetime.fromtimestamp(min(claims["auth_time"], self.clock().timestamp()), UTC)
