"""Create providers from their settings."""

from typing import Final

from auth_api.credentials.providers.discovery import DiscoveryCache
from auth_api.credentials.providers.github import GithubProvider
from auth_api.credentials.providers.openid import OpenIdProvider
from auth_api.credentials.providers.openid_presets import GoogleProvider, MicrosoftProvider
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.presets import GITHUB, GOOGLE, MICROSOFT, PRIVATE_ACCOUNTS
from auth_api.credentials.providers.provider import Provider
from auth_api.credentials.providers.signing_keys import SigningKeyCache
from auth_api.credentials.providers.upstream_calls import ProviderCalls
from auth_api.kit.clock import Clock

_KINDS: Final = {GOOGLE: GoogleProvider, MICROSOFT: MicrosoftProvider}

_ISSUERS_OF_TENANTS: Final = tuple(
    f"https://login.microsoftonline.com/{tenant}/v2.0" for tenant in ("{tenantid}", PRIVATE_ACCOUNTS)
)
"""What Microsoft's discovery documents of many tenants state, literally, and that of `consumers`."""


def create_provider(settings: ProviderSettings, calls: ProviderCalls, clock: Clock) -> Provider:
    """Return a provider that other servers implement: any but `dev`.

    Args:
        settings: its settings.
        calls: the calls to it.
        clock: the current time, with which times in ID tokens are compared.
    """
    if settings.id == GITHUB:
        return GithubProvider(settings=settings, calls=calls, clock=clock)
    discovery = DiscoveryCache(
        settings.id,
        calls,
        url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
        issuers=(settings.issuer, *(_ISSUERS_OF_TENANTS if settings.id == MICROSOFT else ())),
    )
    keys = SigningKeyCache(settings.id, calls, discovery)
    kind = _KINDS.get(settings.id, OpenIdProvider)
    return kind(settings=settings, calls=calls, clock=clock, discovery=discovery, keys=keys)
