"""The network of a provider without a network: its documents, its keys and its answers are what a test sets."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse
from auth_api.credentials.providers.upstream import ProviderMetadata
from auth_api.kit.outbound.client import OutboundResponse
from tests.support.upstream.keys import UpstreamKey

NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
ISSUER: Final = "https://login.acme.example/realms/staff/"
CALLBACK: Final = "https://auth.example.com/api/auth/providers/acme/callback"
NONCE: Final = "n" * 43
ACCESS_TOKEN: Final = "an-access-token"

SETTINGS: Final = ProviderSettings(
    id="acme",
    name="Acme",
    client_id="client",
    client_secret="hunter2",
    issuer=ISSUER,
    scopes="openid email",
    trust_email=True,
)
METADATA: Final = ProviderMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}authorize",
    token_endpoint=f"{ISSUER}token",
    jwks_uri=f"{ISSUER}keys",
    userinfo_endpoint=f"{ISSUER}userinfo",
)
REQUEST: Final = AuthorizationRequest(
    state="us_state", nonce=NONCE, code_challenge="c" * 43, redirect_uri=CALLBACK, login_hint=None, prompt=None
)
RESPONSE: Final = AuthorizationResponse(
    code="a-code",
    iss=None,
    error=None,
    nonce=NONCE,
    code_verifier="v" * 43,
    redirect_uri=CALLBACK,
    started_at=NOW - timedelta(minutes=2),
    requires_new_login=False,
)
CLAIMS: Final[Mapping[str, Any]] = {
    "iss": ISSUER,
    "aud": "client",
    "sub": "248289761001",
    "nonce": NONCE,
    "iat": NOW.timestamp(),
    "exp": NOW.timestamp() + 300,
    "email": "ada@example.com",
    "email_verified": True,
    "preferred_username": "ada",
    "name": "Ada Example",
}


@dataclass
class FakeUpstream:
    """Discovery, keys and calls in one.

    Attributes:
        answers: by the name of the endpoint: a document, or a response.
        keys: the keys that are kept.
        next_keys: the keys after they are fetched again.
        calls: what was sent: name of the endpoint, URL, headers, fields.
        rereads: how often the keys were fetched again.
    """

    metadata: ProviderMetadata = METADATA
    answers: dict[str, Any] = field(default_factory=dict)
    keys: Sequence[Mapping[str, Any]] = ()
    next_keys: Sequence[Mapping[str, Any]] | None = None
    calls: list[tuple[str, str, Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)
    rereads: int = 0

    def will_prove(self, claims: Mapping[str, Any] | bytes, key: UpstreamKey | None = None, **tokens: Any) -> None:
        """Answer the token request with an ID token; `tokens` changes members of the answer, or leaves them out."""
        key = key or UpstreamKey()
        self.keys = self.keys or [key.jwk]
        document = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": key.sign(claims), **tokens}
        self.answers["token"] = {name: value for name, value in document.items() if value is not None}

    def sent(self, endpoint: str) -> tuple[str, Mapping[str, str], Mapping[str, str]]:
        """Return URL, headers and fields of the only call to an endpoint."""
        ((_, url, headers, fields),) = [each for each in self.calls if each[0] == endpoint]
        return url, headers, fields

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Limit nothing."""
        yield

    async def get(self, endpoint: str, url: str, *, headers: Mapping[str, str]) -> OutboundResponse:
        """Record the call, and answer it."""
        return self._answer(endpoint, url, headers, {})

    async def post_form(
        self, endpoint: str, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str]
    ) -> OutboundResponse:
        """Record the call, and answer it."""
        return self._answer(endpoint, url, headers, fields)

    def _answer(
        self, endpoint: str, url: str, headers: Mapping[str, str], fields: Mapping[str, str]
    ) -> OutboundResponse:
        self.calls.append((endpoint, url, headers, fields))
        answer = self.answers[endpoint]
        return answer if isinstance(answer, OutboundResponse) else OutboundResponse(200, {}, answer)


@dataclass
class FakeDiscovery:
    """The discovery document of a fake."""

    upstream: FakeUpstream

    async def read(self) -> ProviderMetadata:
        """Return it."""
        return self.upstream.metadata


@dataclass
class FakeKeys:
    """The keys of a fake."""

    upstream: FakeUpstream

    async def read(self) -> Sequence[Mapping[str, Any]]:
        """Return the keys that are kept."""
        return self.upstream.keys

    async def reread(self) -> Sequence[Mapping[str, Any]]:
        """Return the next keys."""
        self.upstream.rereads += 1
        if self.upstream.next_keys is not None:
            self.upstream.keys = self.upstream.next_keys
        return self.upstream.keys
