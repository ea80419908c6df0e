"""What the protocols need of the network: documents of a provider that are kept, and calls that end in time."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from auth_api.kit.outbound.client import OutboundResponse


class ProviderMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The discovery document of a provider (OpenID Connect Discovery 1.0 §3, RFC 9207 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str = ""
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


class Discovery(Protocol):
    """The discovery document of a provider."""

    async def read(self) -> ProviderMetadata:
        """Return the document, which is fetched if none is kept."""
        ...


class SigningKeys(Protocol):
    """The keys of a provider."""

    async def read(self) -> Sequence[Mapping[str, Any]]:
        """Return the keys, which are fetched if none are kept."""
        ...

    async def reread(self) -> Sequence[Mapping[str, Any]]:
        """Fetch the keys again, because none of them has signed a token."""
        ...


class UpstreamCalls(Protocol):
    """Calls to a provider."""

    def under_way(self) -> AbstractAsyncContextManager[None]:
        """Limit how many people's calls are under way, and how long those of one person take."""
        ...

    async def get(self, endpoint: str, url: str, *, headers: Mapping[str, str]) -> OutboundResponse:
        """Read a document; `endpoint` is its name in metrics."""
        ...

    async def post_form(
        self, endpoint: str, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str]
    ) -> OutboundResponse:
        """Send a form; `endpoint` is its name in metrics."""
        ...
