"""The discovery document of a provider (OpenID Connect Discovery 1.0 §3 and §4)."""

from typing import Any, Final

import msgspec

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.kept_document import KeptDocument
from auth_api.credentials.providers.upstream import ProviderMetadata
from auth_api.credentials.providers.upstream_calls import ProviderCalls
from auth_api.kit.outbound.urls import is_https_url

_USABLE_SECONDS: Final = 7 * 24 * 3600.0
"""Endpoints hardly ever change."""


class DiscoveryCache:
    """The discovery document of one provider.

    Args:
        provider_id: the provider.
        calls: the calls to the provider.
        url: where the document is.
        issuers: what it may state as its issuer.
    """

    def __init__(self, provider_id: str, calls: ProviderCalls, *, url: str, issuers: tuple[str, ...]) -> None:
        self._url = url
        self._issuers = issuers
        self._document = KeptDocument(
            "discovery", provider_id=provider_id, calls=calls, parse=self._parse, usable_seconds=_USABLE_SECONDS
        )

    async def read(self) -> ProviderMetadata:
        """Return the document, which is fetched if none is kept.

        Raises:
            ProviderErrorException: it breaks a rule.
            ProviderUnavailableException: it cannot be fetched.
        """
        return await self._document.read(self._url)

    def _parse(self, document: Any) -> ProviderMetadata:
        try:
            metadata = msgspec.convert(document, ProviderMetadata)
        except msgspec.ValidationError as error:
            raise AnswerRefusedError(reason="discovery.form") from error
        if metadata.issuer not in self._issuers:
            raise AnswerRefusedError(reason="discovery.issuer")
        urls = [metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri]
        urls += [metadata.userinfo_endpoint] if metadata.userinfo_endpoint is not None else []
        # An issuer with http is a server of this machine, which only development accepts.
        is_local = metadata.issuer.startswith("http://")
        if not all(is_https_url(url, allows_loopback=is_local) for url in urls):
            raise AnswerRefusedError(reason="discovery.endpoints")
        return metadata
