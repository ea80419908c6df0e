"""Returns what an access token allows to learn about its user (OpenID Connect Core §5.3)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from auth_api.kit.http.oauth_errors import InsufficientScopeException, InvalidTokenException
from auth_api.oauth.grants.grant import Person
from auth_api.oauth.token.verification import AccessTokenVerification


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """Reads claims about users."""

    verification: AccessTokenVerification

    async def read(self, access_token: str) -> dict[str, Any]:
        """Return the claims of the scopes of a token, whatever resource it is for.

        Raises:
            InvalidTokenException: the token is not accepted, see `AccessTokenVerification.find`.
            InsufficientScopeException: it lacks the scope `openid`.
        """
        token = await self.verification.find(access_token)
        if token is None:
            raise InvalidTokenException
        if token.grant is None or "openid" not in token.scopes:
            raise InsufficientScopeException
        return claims_of(token.grant.person, token.scopes)


def claims_of(person: Person, scopes: Collection[str]) -> dict[str, Any]:
    """Return the claims that some scopes contain.

    An address that is not verified is left out: applications link accounts by it, often without reading
    `email_verified`.
    """
    claims: dict[str, Any] = {"sub": person.subject}
    if "profile" in scopes:
        claims["preferred_username"] = person.username
        claims["updated_at"] = int(person.updated_at.timestamp())
        if person.display_name is not None:
            claims["name"] = person.display_name
        if person.locale is not None:
            claims["locale"] = person.locale.partition(",")[0]
    if "email" in scopes and person.email_verified_at is not None:
        claims |= {"email": person.email, "email_verified": True}
    if "roles" in scopes:
        claims["roles"] = person.roles
    return claims
