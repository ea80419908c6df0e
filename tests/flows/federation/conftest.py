"""A server with two providers, and two applications."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from auth_api.credentials.providers.service import Providers
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.fake_provider import SETTINGS, FakeProvider
from tests.support.provider_browser import APP, APPLICATION, ProviderBrowser


@pytest.fixture
def provider() -> FakeProvider:
    """The provider `acme`."""
    return FakeProvider()


@pytest.fixture
def second_provider() -> FakeProvider:
    """The provider `globex`, with which people cannot create accounts."""
    return FakeProvider(msgspec.structs.replace(SETTINGS, id="globex", name="Globex", sign_up=False))


@pytest.fixture
def server_with(
    app_with: OtherAppFactory,
    monkeypatch: pytest.MonkeyPatch,
    provider: FakeProvider,
    second_provider: FakeProvider,
) -> OtherAppFactory:
    """A context manager that starts a server with the providers and further environment variables."""
    providers = Providers((provider, second_provider))
    monkeypatch.setattr("auth_api.composition.create_providers", lambda *_: providers)

    def make(**variables: str) -> Any:
        return app_with(**{"RETURN_URLS": f'["{APPLICATION}", "{APP}"]', **variables})

    return make


@pytest.fixture
async def server(server_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """A server with the providers."""
    async with server_with() as other:
        yield other


@pytest.fixture
def browser(server: OtherApp) -> ProviderBrowser:
    """A browser without cookies."""
    return ProviderBrowser(server.client)
