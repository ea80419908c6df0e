"""The flow of each kind of client."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from auth_api.kit import base64url
from auth_api.oauth.clients.client import ClientKind, OAuthClient
from auth_api.oauth.try_out.callback import callback_server
from auth_api.oauth.try_out.endpoints import Endpoints, TrialFailedError

BROWSER_SECONDS: Final = 900
"""As long as an authorization request lives."""

DEVICE_CODE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of the flow of a client.

    Attributes:
        client: the client.
        endpoints: of this server, with the credentials of the client.
        scope: the scopes to ask for, separated by spaces.
        resource: the resource that the access token is for; empty for none.
        tell: shows the person what to do.
    """

    client: OAuthClient
    endpoints: Endpoints
    scope: str
    resource: str
    tell: Callable[[str], None]

    async def run(self) -> dict[str, Any]:
        """Get tokens, and return what they state.

        Raises:
            TrialFailedError: the flow ended without tokens.
            OSError: another program listens on the port of the redirect URI.
            TimeoutError: no browser came back.
        """
        nonce = None
        match self.client.kind:
            case ClientKind.MACHINE:
                tokens = await self._token("client_credentials", scope=self.scope)
            case ClientKind.DEVICE:
                tokens = await self._device_tokens()
            case _:
                nonce = secrets.token_urlsafe(16)
                tokens = await self._code_tokens(nonce)
        result = {name: tokens[name] for name in ("scope", "expires_in") if name in tokens}
        result["access_token"] = _claims(tokens["access_token"])
        if "id_token" in tokens:
            result["id_token"] = await self.endpoints.id_token_claims(tokens, nonce)
            result["userinfo"] = await self.endpoints.get("userinfo_endpoint", token=tokens["access_token"])
        return result

    async def _code_tokens(self, nonce: str) -> Mapping[str, Any]:
        """Let a browser log in, and redeem the code that it brings back (RFC 6749 §4.1, RFC 7636, RFC 9207)."""
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        registered = loopback_uri(self.client)
        async with callback_server(registered, state, any_port=self.client.kind is ClientKind.NATIVE) as (uri, arrival):
            url = self.endpoints.authorization_url(
                redirect_uri=uri,
                scope=self.scope,
                state=state,
                nonce=nonce,
                code_challenge=base64url.encode(hashlib.sha256(verifier.encode()).digest()),
                code_challenge_method="S256",
                **({"resource": self.resource} if self.resource else {}),
            )
            self.tell(f"Open this address in a browser:\n\n{url}\n")
            response = await asyncio.wait_for(arrival, BROWSER_SECONDS)
        if response.get("iss") != self.endpoints.metadata["issuer"]:
            message = f"The response names the issuer {response.get('iss')}."
            raise TrialFailedError(message)
        if "error" in response:
            message = f"The response is an error, {response['error']}: {response.get('error_description')}"
            raise TrialFailedError(message, error=response["error"])
        return await self._token("authorization_code", code=response["code"], redirect_uri=uri, code_verifier=verifier)

    async def _device_tokens(self) -> Mapping[str, Any]:
        """Show a user code, and ask for the tokens until a person has decided (RFC 8628 §3)."""
        answer = await self.endpoints.post("device_authorization_endpoint", scope=self.scope, resource=self.resource)
        self.tell(f"Open {answer['verification_uri']} in a browser, and enter the code {answer['user_code']}")
        interval = answer["interval"]
        while True:
            await asyncio.sleep(interval)
            try:
                return await self._token(DEVICE_CODE_GRANT, device_code=answer["device_code"])
            except TrialFailedError as error:
                if error.error not in {"authorization_pending", "slow_down"}:
                    raise
                interval += 5 if error.error == "slow_down" else 0

    async def _token(self, grant_type: str, **fields: str) -> Mapping[str, Any]:
        return await self.endpoints.post("token_endpoint", grant_type=grant_type, resource=self.resource, **fields)


def loopback_uri(client: OAuthClient) -> str:
    """Return a redirect URI of a client to which this machine can listen.

    Raises:
        TrialFailedError: there is none; the message names the command that adds one.
    """
    hosts = ("http://127.0.0.1", "http://localhost", "http://[::1]")
    for uri in client.redirect_uris:
        if any(uri.startswith((f"{host}/", f"{host}:")) for host in hosts):
            return uri
    uris = " ".join(f"--redirect-uri {uri}" for uri in (*client.redirect_uris, "http://127.0.0.1:8765/callback"))
    message = (
        "The client has no redirect URI on this machine. Add one, and try again:\n"
        f"auth-api oauth clients set {client.client_id} {uris}"
    )
    raise TrialFailedError(message)


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of an access token, which only resource servers check."""
    claims: dict[str, Any] = msgspec.json.decode(base64url.decode(token.split(".")[1]))
    return claims
