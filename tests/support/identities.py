"""Accounts at a provider, without asking one."""

from dataclasses import dataclass
from typing import Any

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse, UpstreamIdentity
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services

ISSUER = "https://login.example.com"


@dataclass(frozen=True)
class FakeProvider:
    """A provider that proves what the test tells it to."""

    settings: ProviderSettings
    person: UpstreamIdentity | None = None

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        return f"{ISSUER}/authorize?state={request.state}"

    async def prove(self, response: AuthorizationResponse) -> UpstreamIdentity:
        assert self.person is not None, response
        return self.person


def upstream_identity(subject: str = "7", **values: Any) -> UpstreamIdentity:
    """Return what the provider `acme` has proved about a person."""
    return UpstreamIdentity(**{"provider": "acme", "issuer": ISSUER, "subject": subject, **values})


async def add_identity(services: Services, user_id: int, subject: str = "7", **values: Any) -> Identity:
    """Link a person at the provider to a user."""

    async def work() -> Identity | None:
        upstream = upstream_identity(subject, **values)
        return await services.core.identities.insert(user_id, upstream, RequestContext())

    identity = await services.core.database.transaction(work)
    assert identity is not None
    return identity
