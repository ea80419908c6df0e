"""The endpoints of this server, called at `PUBLIC_URL` as an application calls them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.id_token_claims import ExpectedClaims
from auth_api.credentials.providers.id_tokens import IdToken
from auth_api.kit.clock import utc_now
from auth_api.kit.outbound.client import Outbound, OutboundResponse
from auth_api.kit.outbound.errors import OutboundRefusedError, OutboundUnavailableError

DISCOVERY_PATH: Final = "/.well-known/openid-configuration"

_OK: Final = 200


class TrialFailedError(Exception):
    """The trial ends without tokens; the message says why.

    Attributes:
        error: the error of OAuth, if an endpoint returned one (RFC 6749 §5.2).
    """

    def __init__(self, message: str, *, error: str = "") -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The endpoints that the discovery document names, and the credentials of a client.

    Attributes:
        outbound: sends the requests.
        metadata: the discovery document.
        client: the fields that authenticate the client (RFC 6749 §2.3.1).
    """

    outbound: Outbound
    metadata: Mapping[str, Any]
    client: Mapping[str, str]

    @classmethod
    async def discover(cls, outbound: Outbound, issuer: str, client: Mapping[str, str]) -> "Endpoints":
        """Read the discovery document of an issuer.

        Raises:
            TrialFailedError: the issuer does not answer, or its document names another issuer.
        """
        endpoints = cls(outbound=outbound, metadata={"discovery_endpoint": f"{issuer}{DISCOVERY_PATH}"}, client=client)
        try:
            metadata = await endpoints.get("discovery_endpoint")
        except TrialFailedError as error:
            message = f"{error} Is the server running there, with OAUTH_ENABLED=true?"
            raise TrialFailedError(message) from error
        if metadata.get("issuer") != issuer:
            message = f"{issuer}{DISCOVERY_PATH} names the issuer {metadata.get('issuer')}, not {issuer}."
            raise TrialFailedError(message)
        return cls(outbound=outbound, metadata=metadata, client=client)

    def authorization_url(self, **parameters: str) -> str:
        """Return the address that a browser opens (RFC 6749 §4.1.1)."""
        query = urlencode({"response_type": "code", "client_id": self.client["client_id"], **parameters})
        return f"{self.metadata['authorization_endpoint']}?{query}"

    async def get(self, endpoint: str, *, token: str = "") -> dict[str, Any]:
        """Read the document of an endpoint, with an access token if one is given.

        Raises:
            TrialFailedError: the endpoint does not answer, or refuses the request.
        """
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return await self._call(endpoint, lambda url: self.outbound.get(url, headers=headers))

    async def post(self, endpoint: str, **fields: str) -> dict[str, Any]:
        """Send a form with the credentials of the client; the errors are those of `get`."""
        form = {name: value for name, value in {**self.client, **fields}.items() if value}
        return await self._call(endpoint, lambda url: self.outbound.post_form(url, form))

    async def id_token_claims(self, tokens: Mapping[str, Any], nonce: str | None) -> dict[str, Any]:
        """Return the claims of an ID token, after the checks of OpenID Connect Core 1.0 §3.1.3.7.

        Raises:
            TrialFailedError: a check fails.
        """
        keys = (await self.get("jwks_uri"))["keys"]
        try:
            id_token = IdToken.parse(tokens["id_token"])
            claims = id_token.verified_claims(keys) or {}
            ExpectedClaims(
                client_id=self.client["client_id"],
                nonce=nonce,
                access_token=tokens["access_token"],
                algorithm=id_token.algorithm,
                now=utc_now().timestamp(),
            ).check(claims)
        except AnswerRefusedError as error:
            message = f"The ID token is not valid: {error.reason}."
            raise TrialFailedError(message) from error
        if claims["iss"] != self.metadata["issuer"]:
            message = f"The ID token names the issuer {claims['iss']}."
            raise TrialFailedError(message)
        return claims

    async def _call(self, endpoint: str, send: Callable[[str], Awaitable[OutboundResponse]]) -> dict[str, Any]:
        url = str(self.metadata[endpoint])
        try:
            response = await send(url)
        except (OutboundUnavailableError, OutboundRefusedError) as error:
            message = f"{url} cannot be read: {error}."
            raise TrialFailedError(message) from error
        document: dict[str, Any] = response.document
        if response.status != _OK:
            error_code = str(document.get("error", ""))
            reason = document.get("error_description") or document.get("detail")
            message = f"{url} answered {response.status} {error_code or document.get('error_code')}: {reason}"
            raise TrialFailedError(message, error=error_code)
        return document
