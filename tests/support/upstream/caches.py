"""Calls to a provider of the tests, without an application."""

from auth_api.credentials.providers.discovery import DiscoveryCache
from auth_api.credentials.providers.signing_keys import SigningKeyCache
from auth_api.credentials.providers.upstream_calls import ProviderCalls, create_breaker
from auth_api.kit.breaker.policy import BreakerPolicy
from tests.support.clock import MovableMonotonicClock
from tests.support.upstream.provider import LyingProvider


class Upstream:
    """What an application keeps of one provider; the clock of its circuit breaker stands still."""

    def __init__(self, provider: LyingProvider) -> None:
        name, issuer = provider.shape.id, provider.shape.issuer
        url = next(url for url, endpoint in provider.shape.endpoints.items() if endpoint == "discovery")
        self.clock = MovableMonotonicClock()
        self.breaker = create_breaker(name, BreakerPolicy())
        self.breaker._clock = self.clock  # noqa: SLF001 - the application uses the clock of the process
        self.calls = ProviderCalls(name, provider.outbound, self.breaker)
        self.discovery = DiscoveryCache(name, self.calls, url=url, issuers=(issuer,))
        self.keys = SigningKeyCache(name, self.calls, self.discovery)
