"""The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636, RFC 9700), which all providers share."""

import re
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from auth_api.credentials.providers.answers import AnswerRefusedError, json_object
from auth_api.credentials.providers.errors import (
    ProviderDeniedException,
    ProviderUnavailableException,
)
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse, UpstreamIdentity
from auth_api.credentials.providers.upstream import ProviderMetadata, UpstreamCalls
from auth_api.credentials.providers.upstream_calls import refusals_logged
from auth_api.kit.clock import Clock

_CODE: Final = re.compile(r"[!-~]{1,2048}")
_ACCESS_TOKEN: Final = re.compile(r"[!-~]{1,16384}")

_OK: Final = 200

_BASIC: Final = "client_secret_basic"

_RESPONSE_ERRORS: Final = frozenset(
    {"invalid_request", "invalid_scope", "unauthorized_client", "unsupported_response_type"}
)
"""RFC 6749 §4.1.2.1."""
_TOKEN_ERRORS: Final = frozenset({"invalid_client", "invalid_grant", "unauthorized_client"})
"""RFC 6749 §5.2. Other errors are logged without their code, which is a text of the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthProvider(ABC):
    """A provider of OAuth 2.0."""

    settings: ProviderSettings
    calls: UpstreamCalls
    clock: Clock

    @abstractmethod
    async def metadata(self) -> ProviderMetadata:
        """Return the endpoints of the provider."""

    @abstractmethod
    async def identity(self, tokens: Mapping[str, Any], response: AuthorizationResponse) -> UpstreamIdentity:
        """Return who the person is, by the answer to the token request.

        Raises:
            AnswerRefusedError: an answer breaks a rule.
        """

    def issuer_of(self, text: str) -> str | None:
        """Return the issuer as it is stored; None if the text does not name an issuer of this provider."""
        return self.settings.issuer if text == self.settings.issuer else None

    def prompt_parameters(self, prompt: str | None) -> Mapping[str, str]:
        """Return the parameters that let the person log in again, or choose an account."""
        return {"prompt": prompt} if prompt else {}

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Return the URL of the log-in page; the errors are those of `Provider`."""
        async with self.calls.under_way():
            endpoint = (await self.metadata()).authorization_endpoint
        parameters = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": request.redirect_uri,
            "scope": self.settings.scopes,
            "state": request.state,
            "nonce": request.nonce,
            "code_challenge": request.code_challenge,
            "code_challenge_method": "S256",
            **({"login_hint": request.login_hint} if request.login_hint else {}),
            **self.prompt_parameters(request.prompt),
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    async def prove(self, response: AuthorizationResponse) -> UpstreamIdentity:
        """Return who the person is; the errors are those of `Provider`."""
        with refusals_logged(self.settings.id):
            async with self.calls.under_way():
                metadata = await self.metadata()
                code = self._code_of(response, metadata)
                tokens = await self._redeem(code, response, metadata)
                return await self.identity(tokens, response)

    def _code_of(self, response: AuthorizationResponse, metadata: ProviderMetadata) -> str:
        """Return the code of a response, unless it is an error or comes from another provider (RFC 9207 §2.4)."""
        is_from_here = (
            not metadata.authorization_response_iss_parameter_supported
            if response.iss is None
            else self.issuer_of(response.iss) is not None
        )
        if not is_from_here:
            raise AnswerRefusedError(reason="response.iss")
        if response.error == "access_denied":
            raise ProviderDeniedException
        if response.error in {"temporarily_unavailable", "server_error"}:
            raise ProviderUnavailableException
        if response.error is not None:
            known = response.error if response.error in _RESPONSE_ERRORS else "error"
            raise AnswerRefusedError(reason=f"response.{known}")
        if response.code is None or _CODE.fullmatch(response.code) is None:
            raise AnswerRefusedError(reason="response.code")
        return response.code

    async def _redeem(
        self, code: str, response: AuthorizationResponse, metadata: ProviderMetadata
    ) -> Mapping[str, Any]:
        """Return the answer to the token request (RFC 6749 §4.1.3 and §5)."""
        headers, client = self._client_authentication(metadata.token_endpoint_auth_methods_supported)
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": response.redirect_uri,
            "code_verifier": response.code_verifier,
            **client,
        }
        answer = await self.calls.post_form("token", metadata.token_endpoint, fields, headers=headers)
        document = json_object(answer.document, "token.form")
        if answer.status != _OK or "error" in document:
            error = document.get("error")
            known = error if isinstance(error, str) and error in _TOKEN_ERRORS else "error"
            raise AnswerRefusedError(reason=f"token.{known}")
        access_token, token_type = document.get("access_token"), document.get("token_type")
        if not isinstance(access_token, str) or _ACCESS_TOKEN.fullmatch(access_token) is None:
            raise AnswerRefusedError(reason="token.access_token")
        if not isinstance(token_type, str) or token_type.lower() != "bearer":
            raise AnswerRefusedError(reason="token.token_type")
        return document

    def _client_authentication(self, methods: tuple[str, ...]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return headers and fields of the token request that authenticate this server (RFC 6749 §2.3.1)."""
        client_id, secret = self.settings.client_id, self.settings.client_secret
        if not secret:
            return {}, {"client_id": client_id}
        if methods and _BASIC not in methods:
            return {}, {"client_id": client_id, "client_secret": secret}
        credentials = b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()
        return {"authorization": f"Basic {credentials}"}, {}

    async def read(self, endpoint: str, url: str, tokens: Mapping[str, Any]) -> Any:
        """Return a document of the person.

        Args:
            endpoint: its name in metrics and in the log.
            url: its URL.
            tokens: the answer to the token request.

        Raises:
            AnswerRefusedError: the provider refuses its own token.
        """
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        answer = await self.calls.get(endpoint, url, headers=headers)
        if answer.status != _OK:
            raise AnswerRefusedError(reason=f"{endpoint}.status")
        return answer.document
