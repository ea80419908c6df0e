"""Applications of the tests, which send requests to the OAuth endpoints."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from auth_api.kit import base64url
from auth_api.kit.clock import utc_now
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.requests.request import Decider, RequestParameters
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.resources.tables import OAuthResourceRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.support.oauth_rows import add_client_row

VERIFIER = "a-verifier-of-the-tests-that-is-43-characters"
CHALLENGE = base64url.encode(hashlib.sha256(VERIFIER.encode()).digest())
CALLBACK = "https://app.example.com/callback"
ORDERS = "https://orders.example.com"
NAMES = iter(range(10_000))


@dataclass
class Application:
    """An application that knows its secret, if it has one."""

    client: httpx.AsyncClient
    services: Services
    client_id: str
    row_id: int
    secret: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form with the credentials of the application; fields that are None are left out."""
        form = {"client_id": self.client_id, **({"client_secret": self.secret} if self.secret else {}), **fields}
        return await self.client.post(path, data={name: value for name, value in form.items() if value is not None})

    async def token(self, grant_type: str, **fields: Any) -> httpx.Response:
        """Send a token request."""
        return await self.post("/oauth2/token", grant_type=grant_type, **fields)

    async def redeem(self, of_code: str, **fields: Any) -> httpx.Response:
        """Redeem a code of `code`, or another one in the fields."""
        form = {"code": of_code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **fields}
        return await self.token("authorization_code", **form)

    async def refresh(self, refresh_token: str, **fields: Any) -> httpx.Response:
        """Redeem a refresh token."""
        return await self.token("refresh_token", refresh_token=refresh_token, **fields)

    async def code(self, *scopes: str, **parameters: Any) -> str:
        """Return a code of the user with the newest session, who has consented to everything."""
        session = await SessionRow.select().order_by(SessionRow.id, ascending=False).first()
        assert session is not None
        user_id = session["user_id"]
        is_mine = (OAuthConsentRow.user_id == user_id) & (OAuthConsentRow.client_id == self.row_id)
        if not await OAuthConsentRow.exists().where(is_mine):
            consent = OAuthConsentRow(
                id=uuid7(utc_now()),
                user_id=user_id,
                client_id=self.row_id,
                scopes=" ".join(scopes),
                offline=True,
                granted_at=utc_now(),
            )
            await OAuthConsentRow.insert(consent)
        wanted = {"redirect_uri": CALLBACK, "code_challenge": CHALLENGE, "scopes": scopes, **parameters}
        decider = Decider(user_id=user_id, session_id=session["id"])
        requests = self.services.of(OAuthRequests)
        return await requests.open_with_code(self.row_id, RequestParameters(**wanted), decider)

    async def tokens(self, *scopes: str, **parameters: Any) -> dict[str, Any]:
        """Return the tokens of a new code."""
        response = await self.redeem(await self.code(*scopes, **parameters))
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return tokens

    async def user_info(self, access_token: str) -> httpx.Response:
        """Read the claims about the user of a token."""
        return await self.client.get("/oauth2/userinfo", headers={"Authorization": f"Bearer {access_token}"})


async def add_application(client: httpx.AsyncClient, services: Services, **columns: Any) -> Application:
    """Add an application, by default one with a secret; kinds without a secret get none."""
    kind = columns.get("kind", "web")
    secret = "cs_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3-_4" if kind in {"web", "machine"} else ""
    client_id = f"app_{next(NAMES):020d}"
    proof = (
        {"secret_hash": digest(secret), "secret_hint": secret[-4:], "secret_created_at": utc_now()} if secret else {}
    )
    row_id = await add_client_row(client_id, **proof, **columns)
    return Application(client, services, client_id, row_id, secret)


async def add_resource(identifier: str, *scopes: str, **columns: Any) -> None:
    """Add a resource with these scopes."""
    described = [{"name": name, "description": name} for name in scopes]
    values = {"identifier": identifier, "name": "Orders", "created_at": utc_now(), "updated_at": utc_now(), **columns}
    await OAuthResourceRow.insert(OAuthResourceRow(scopes=msgspec.json.encode(described).decode(), **values))


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token without verifying it."""
    claims: dict[str, Any] = msgspec.json.decode(base64url.decode(token.split(".")[1]))
    return claims


def outcome(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the error of a response."""
    return response.status_code, response.json().get("error", "") if response.content else ""
