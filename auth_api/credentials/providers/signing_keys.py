"""The keys with which a provider signs ID tokens (RFC 7517 §5)."""

from typing import Any, Final

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.discovery import DiscoveryCache
from auth_api.credentials.providers.id_tokens import Jwk
from auth_api.credentials.providers.kept_document import KeptDocument
from auth_api.credentials.providers.metrics import KEY_REFETCHES
from auth_api.credentials.providers.upstream_calls import ProviderCalls

MAX_KEYS: Final = 100

_USABLE_SECONDS: Final = 24 * 3600.0


class SigningKeyCache:
    """The keys of one provider.

    Args:
        provider_id: the provider.
        calls: the calls to the provider.
        discovery: names the URL of the keys.
    """

    def __init__(self, provider_id: str, calls: ProviderCalls, discovery: DiscoveryCache) -> None:
        self._refetches = KEY_REFETCHES.labels(provider_id)
        self._discovery = discovery
        self._document = KeptDocument(
            "keys", provider_id=provider_id, calls=calls, parse=_parse, usable_seconds=_USABLE_SECONDS
        )

    async def read(self) -> tuple[Jwk, ...]:
        """Return the keys, which are fetched if none are kept.

        Raises:
            ProviderErrorException: their document breaks a rule.
            ProviderUnavailableException: they cannot be fetched.
        """
        return await self._document.read((await self._discovery.read()).jwks_uri)

    async def reread(self) -> tuple[Jwk, ...]:
        """Fetch the keys again, because none of them has signed a token; the errors are those of `read`."""
        self._refetches.inc()
        return await self._document.reread((await self._discovery.read()).jwks_uri)


def _parse(document: Any) -> tuple[Jwk, ...]:
    """Return the keys; other members of the list are skipped, as those of unknown kinds are later."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise AnswerRefusedError(reason="keys.form")
    return tuple(key for key in keys if isinstance(key, dict))
