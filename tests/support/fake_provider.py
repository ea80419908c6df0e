"""A provider without a network: it proves what a test tells it.

`monkeypatch.setattr("auth_api.composition.create_providers", lambda *_: Providers((FakeProvider(),)))`
"""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import msgspec

from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse, UpstreamIdentity
from auth_api.kit.errors import ApplicationException

IDENTITY = UpstreamIdentity(
    provider="acme",
    issuer="https://login.acme.example",
    subject="248289761001",
    email="ada@example.com",
    is_email_proven=True,
    username="ada",
    name="Ada Example",
)

SETTINGS = ProviderSettings(id="acme", name="Acme", client_id="client", issuer=IDENTITY.issuer)


@dataclass
class FakeProvider:
    """Records what it is asked, and answers with `answer`.

    Attributes:
        settings: its settings.
        answer: what `prove` returns or raises.
        refusal: what `authorization_url` raises.
    """

    settings: ProviderSettings = SETTINGS
    answer: UpstreamIdentity | ApplicationException = IDENTITY
    refusal: ApplicationException | None = None
    requests: list[AuthorizationRequest] = field(default_factory=list)
    responses: list[AuthorizationResponse] = field(default_factory=list)

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Return a URL with the parameters of the request, or raise `refusal`."""
        self.requests.append(request)
        if self.refusal is not None:
            raise self.refusal
        query = {name: value for name, value in msgspec.structs.asdict(request).items() if value is not None}
        return f"{self.settings.issuer}/authorize?{urlencode(query)}"

    async def prove(self, response: AuthorizationResponse) -> UpstreamIdentity:
        """Return or raise `answer`."""
        self.responses.append(response)
        if isinstance(self.answer, ApplicationException):
            raise self.answer
        return self.answer
