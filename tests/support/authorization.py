"""An application that sends a browser to the authorization endpoint and reads the answer."""

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.oauth.clients.client import OAuthClient
from auth_api.services import Services
from tests.support.oauth_clients import CALLBACK, register_client
from tests.support.visitor import Page, Visitor

ENDPOINT: Final = "/oauth2/authorize"
CONSENT_PAGE: Final = "/account/authorize"
ISSUER: Final = "http://testserver"
VERIFIER: Final = "V" * 43
STATE: Final = "st&te ü"


@dataclass
class Application:
    """A registered application, and what it usually asks for."""

    client: OAuthClient
    secret: str | None = None
    redirect_uri: str = CALLBACK
    parameters: dict[str, str] = field(default_factory=dict)

    def request(self, **changes: str | list[str] | None) -> dict[str, str | list[str]]:
        """Return the parameters of a request; a parameter that is changed to None is left out."""
        usual: dict[str, str | list[str] | None] = {
            "client_id": self.client.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid email",
            "state": STATE,
            "nonce": "n-1",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **self.parameters,
            **changes,
        }
        return {name: value for name, value in usual.items() if value is not None}

    async def begin(self, visitor: Visitor, **changes: Any) -> Page:
        """Send a browser with a request, and return the response without following a redirect."""
        headers = {**visitor.headers, "Sec-Fetch-Site": "cross-site"}
        response = await visitor.client.get(ENDPOINT, params=self.request(**changes), headers=headers)
        return Page(response)

    async def code(self, visitor: Visitor, **changes: Any) -> str:
        """Let a person who is signed in allow everything that is asked for, and return the code."""
        page = await follow(visitor, await self.begin(visitor, **changes))
        if page.name == "consent":
            page = await decide(visitor, page, "allow")
        return self.answer(page)["code"]

    def answer(self, page: Page) -> dict[str, str]:
        """Return the parameters of the answer, which a redirect takes to the application."""
        assert (page.status, page.location[: len(self.redirect_uri)]) == (303, self.redirect_uri)
        answer = {name: values[0] for name, values in parse_qs(urlsplit(page.location).query).items()}
        assert answer.pop("iss") == ISSUER
        return answer


async def registered(services: Services, kind: str = "web", **fields: Any) -> Application:
    """Register an application that may ask for the built-in scopes."""
    scopes = fields.pop("scopes", ["openid", "profile", "email", "offline_access"])
    made = await register_client(services, kind, scopes=scopes, **fields)
    return Application(made.client, made.secret, fields.get("redirect_uris", [CALLBACK])[0])


async def follow(visitor: Visitor, page: Page) -> Page:
    """Follow redirects, and the page that leads on at once, as long as they stay on this server."""
    while True:
        if page.name == "hop":
            (target,) = (link for link in page.reader.links if link.startswith(f"{ENDPOINT}/response?"))
            page = await visitor.get(target)
        elif page.location.startswith("/"):
            page = await visitor.get(page.location)
        else:
            return page


async def decide(visitor: Visitor, page: Page, decision: str) -> Page:
    """Use a button of the page about an application, and follow the redirects on this server."""
    return await follow(visitor, await visitor.submit(page, CONSENT_PAGE, decision=decision))


async def sign_in(visitor: Visitor, page: Page) -> Page:
    """Send the form of the sign-in page, and follow the redirects on this server."""
    assert page.name == "login", page.outcome
    done = await visitor.submit(page, "/account/login", identifier=visitor.username, password=visitor.password)
    return await follow(visitor, done)
