"""GitHub, which speaks OAuth 2.0 but not OpenID Connect: its API says who the person is."""

from collections.abc import Mapping
from typing import Any, Final

from auth_api.credentials.providers.answers import AnswerRefusedError, json_object, text_or_none
from auth_api.credentials.providers.oauth import OAuthProvider
from auth_api.credentials.providers.provider import AuthorizationResponse, UpstreamIdentity
from auth_api.credentials.providers.upstream import ProviderMetadata

_METADATA: Final = ProviderMetadata(
    issuer="https://github.com/login/oauth",
    authorization_endpoint="https://github.com/login/oauth/authorize",
    token_endpoint="https://github.com/login/oauth/access_token",  # noqa: S106 - a URL
    token_endpoint_auth_methods_supported=("client_secret_post",),
)

_NUMBERS_END: Final = 2**63

_USER: Final = "https://api.github.com/user"


class GithubProvider(OAuthProvider):
    """GitHub."""

    __slots__ = ()

    async def metadata(self) -> ProviderMetadata:
        """Return the endpoints, which GitHub has no document for."""
        return _METADATA

    def prompt_parameters(self, prompt: str | None) -> Mapping[str, str]:
        """Return the choice of an account in place of a new login, which GitHub cannot be asked for."""
        return {"prompt": "select_account"} if prompt else {}

    async def identity(self, tokens: Mapping[str, Any], _response: AuthorizationResponse) -> UpstreamIdentity:
        """Return who the person is: by the number of the account, since a name can pass to another person."""
        user = json_object(await self.read("user", _USER, tokens), "user.form")
        number = user.get("id")
        if type(number) is not int or not 0 < number < _NUMBERS_END:
            raise AnswerRefusedError(reason="user.id")
        email, is_verified = await self._primary_email(tokens)
        return UpstreamIdentity(
            provider=self.settings.id,
            issuer=_METADATA.issuer,
            subject=str(number),
            email=email,
            is_email_proven=email is not None and is_verified,
            username=text_or_none(user.get("login")),
            name=text_or_none(user.get("name")),
        )

    async def _primary_email(self, tokens: Mapping[str, Any]) -> tuple[str | None, bool]:
        """Return the primary address, which can be private, and whether GitHub has verified it."""
        emails = await self.read("emails", f"{_USER}/emails", tokens)
        if not isinstance(emails, list):
            raise AnswerRefusedError(reason="emails.form")
        for each in emails:
            if isinstance(each, dict) and each.get("primary") is True:
                return text_or_none(each.get("email")), each.get("verified") is True
        return None, False
