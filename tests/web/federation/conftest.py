"""A person at a server with two providers."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec
import pytest

from auth_api.credentials.providers.service import Providers
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.fake_provider import SETTINGS, FakeProvider
from tests.support.visitor import Visitor

APPLICATION: Final = "https://app.example.com/"


@pytest.fixture
def provider() -> FakeProvider:
    """The provider `acme`, with which people can also create accounts."""
    return FakeProvider()


@pytest.fixture
async def server(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch, provider: FakeProvider
) -> AsyncIterator[OtherApp]:
    """A server with the provider, and with one more whose people need an account before."""
    closed = FakeProvider(msgspec.structs.replace(SETTINGS, id="closed", name="Rock & <b>", sign_up=False))
    monkeypatch.setattr("auth_api.composition.create_providers", lambda *_: Providers((provider, closed)))
    async with app_with(RETURN_URLS=f'["{APPLICATION}"]') as other:
        yield other


@pytest.fixture
def visitor(server: OtherApp) -> Visitor:
    """Ada, who has no account yet, at a browser without script."""
    return Visitor(server.client)
