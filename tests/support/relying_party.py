"""An OpenID client with the browser of a person, as the OpenID conformance suite has it."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt

from tests.support.visitor import FORM_TYPE, Page, Visitor

ISSUER: Final = "http://testserver"
CALLBACK: Final = "https://rp.example.com/callback"
LOGGED_OUT: Final = "https://rp.example.com/logged-out"

_MAX_PAGES: Final = 12

_HOP: Final = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')


@dataclass
class Answer:
    """Where a request of the client has led the browser.

    Attributes:
        page: the last page; that of a redirect to the client is a redirect or the page that leaves for it.
        address: of the client, with its query; empty if the browser is still at the server.
        shown: the names of the pages on the way that the person had to act on.
    """

    page: Page
    address: str = ""
    shown: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the address."""
        return dict(parse_qsl(urlsplit(self.address).query))

    @property
    def error(self) -> str:
        """The error that the client got; empty if it got none."""
        return self.parameters.get("error", "")


@dataclass
class RelyingParty:
    """A client with a secret, and a person with a browser.

    Attributes:
        visitor: the person.
        http: calls the endpoints; without cookies.
        client_id: its id.
        secret: its secret.
        sends_secret_in_form: whether it authenticates by the form instead of the header.
    """

    visitor: Visitor
    http: httpx.AsyncClient
    client_id: str
    secret: str
    sends_secret_in_form: bool = False

    def request(self, **parameters: str | None) -> dict[str, str]:
        """Return the parameters of an authorization request; None leaves one out."""
        usual: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
            "state": "state of the client",
            "nonce": "nonce-of-the-client",
        }
        return {name: value for name, value in (usual | parameters).items() if value is not None}

    async def authorize(self, **parameters: str | None) -> Answer:
        """Send the browser with an authorization request, and let the person do what the pages ask for."""
        return await self.walk(await self.visitor.get("/oauth2/authorize", **self.request(**parameters)))

    async def walk(self, page: Page) -> Answer:
        """Let the person do what the pages ask for, until the browser leaves or nothing is asked."""
        shown: list[str] = []
        for _ in range(_MAX_PAGES):
            hop = _HOP.search(page.response.text) if page.name == "hop" else None
            target = unescape(hop[1]) if hop is not None else page.location
            if target.startswith(("http://", "https://")) and not target.startswith(f"{ISSUER}/"):
                return Answer(page, target, shown)
            if target:
                page = await self.visitor.get(target)
                continue
            shown.append(page.name)
            following = await self._act(page)
            if following is None:
                return Answer(page, shown=shown)
            page = following
        raise AssertionError(shown)

    async def _act(self, page: Page) -> Page | None:
        visitor = self.visitor
        if page.error or page.path.endswith("done=signed-out"):
            return None
        match page.name:
            case "login":
                return await visitor.submit(
                    page, "/account/login", identifier=visitor.username, password=visitor.password
                )
            case "confirm":
                return await visitor.submit(page, "/account/confirm", password=visitor.password)
            case "consent":
                return await visitor.submit(page, "/account/authorize", decision="allow")
            case _:
                return None

    async def call(self, path: str, **fields: str | None) -> httpx.Response:
        """Send a form to an endpoint for clients, authenticated by the secret. None leaves a field out."""
        form = {name: value for name, value in fields.items() if value is not None}
        headers = dict(FORM_TYPE)
        if self.sends_secret_in_form:
            form |= {"client_id": self.client_id, "client_secret": self.secret}
        else:
            basic = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
        return await self.http.post(path, content=urlencode(form), headers=headers)

    async def redeem(self, answer: Answer, **fields: str | None) -> httpx.Response:
        """Exchange the code of an answer."""
        grant: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": answer.parameters.get("code"),
            "redirect_uri": CALLBACK,
        }
        return await self.call("/oauth2/token", **(grant | fields))

    async def tokens(self, answer: Answer, **fields: str | None) -> dict[str, Any]:
        """Check an answer as every client does, exchange its code, and return the tokens."""
        assert answer.error == "", answer.address
        assert answer.parameters["state"] == "state of the client"
        assert answer.parameters["iss"] == ISSUER
        response = await self.redeem(answer, **fields)
        assert response.status_code == 200, response.text
        assert response.headers["cache-control"] == "no-store"
        tokens: dict[str, Any] = response.json()
        assert tokens["token_type"] == "Bearer"
        return tokens

    async def log_in(self, **parameters: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Authorize, and return the tokens and the verified claims of the ID token."""
        tokens = await self.tokens(await self.authorize(**parameters))
        claims = await self.verified(tokens)
        assert claims.get("nonce") == self.request(**parameters).get("nonce")
        return tokens, claims

    async def verified(self, tokens: Mapping[str, Any]) -> dict[str, Any]:
        """Verify an ID token with the published keys (OpenID Connect Core §3.1.3.7), and return its claims."""
        raw = tokens["id_token"]
        header = jwt.get_unverified_header(raw)
        keys = {key["kid"]: key for key in (await self.http.get("/.well-known/jwks.json")).json()["keys"]}
        key = jwt.PyJWK(keys[header["kid"]])
        required = ["exp", "iat", "iss", "aud", "sub", "auth_time", "at_hash"]
        claims: dict[str, Any] = jwt.decode(
            raw, key, algorithms=["RS256"], audience=self.client_id, issuer=ISSUER, options={"require": required}
        )
        half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
        assert claims["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")
        assert claims["aud"] == self.client_id
        return claims

    async def userinfo(self, tokens: Mapping[str, Any], method: str = "GET") -> httpx.Response:
        """Ask for the claims of the user, with the access token in the header."""
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        return await self.http.request(method, "/oauth2/userinfo", headers=headers)

    async def log_out(self, **parameters: str | None) -> Answer:
        """Send the browser to the end of its session."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return await self.walk(await self.visitor.get("/oauth2/logout", **given))


def unsigned(claims: Mapping[str, Any]) -> str:
    """Return a JWT without a signature (RFC 7519 §6)."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
