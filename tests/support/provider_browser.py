"""A browser on its way to a provider and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from auth_api.kit.crypto.flow_secrets import challenge_of

APPLICATION: Final = "https://app.example.com/signed-in"
APP: Final = "com.example.app:/signed-in"
"""The address of an application on a device, with a private scheme."""

VERIFIER: Final = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
APPLICATION_START: Final = {"return_to": APPLICATION, "code_challenge": challenge_of(VERIFIER)}

CONTINUATION: Final = "http://testserver/account/login/provider"

HTML: Final = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass
class ProviderBrowser:
    """A browser, which keeps only the cookie that binds sign-ins to it.

    The cookies of the client, which other browsers may share, are not used.
    """

    client: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, query: Mapping[str, str] | str, headers: Mapping[str, str] = HTML) -> httpx.Response:
        """Request a URL, without following a redirect."""
        self.client.cookies.clear()
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        url = httpx.URL(path, params=dict(query)) if not isinstance(query, str) else f"{path}?{query}"
        response = await self.client.get(url, headers={**headers, **({"Cookie": sent} if sent else {})})
        self.cookies.update(response.cookies)
        self.client.cookies.clear()
        return response

    async def start(self, provider: str = "acme", **parameters: str) -> str:
        """Begin a sign-in of the application, and return the state with which the provider leads back."""
        response = await self.get(f"/api/auth/providers/{provider}/start", {**APPLICATION_START, **parameters})
        assert response.status_code == httpx.codes.SEE_OTHER, response.text
        return query_of(response)["state"]

    async def come_back(self, state: str, provider: str = "acme", **parameters: str) -> httpx.Response:
        """Come back from the provider."""
        fields = {"state": state, "code": "upstream-code", **parameters}
        return await self.get(f"/api/auth/providers/{provider}/callback", fields)


def query_of(response: httpx.Response) -> dict[str, str]:
    """Return the parameters of the address that a redirect leads to."""
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


def continuation(state: str) -> str:
    """Return the address that a callback with this state leads to."""
    return f"{CONTINUATION}?state={state}"
