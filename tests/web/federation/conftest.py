"""A person at a server with two providers."""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from httpx import codes

from auth_api.credentials.providers.service import Providers
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.fake_provider import IDENTITY, SETTINGS, FakeProvider
from tests.support.visitor import Page, Visitor

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
    settings = msgspec.structs.replace(SETTINGS, id="closed", name="Rock & <b>", sign_up=False)
    closed = FakeProvider(settings, msgspec.structs.replace(IDENTITY, provider="closed", subject="2"))
    monkeypatch.setattr("auth_api.composition.create_providers", lambda *_: Providers((provider, closed)))
    async with app_with(RETURN_URLS=f'["{APPLICATION}"]') as other:
        yield other


@pytest.fixture
def visitor(server: OtherApp) -> Visitor:
    """Ada, who has no account yet, at a browser without script."""
    return Visitor(server.client)


async def register(visitor: Visitor) -> None:
    """Create the account of a person, whose e-mail address is verified, and sign in."""
    page = await visitor.get("/account/register")
    fields = {"email": visitor.email, "username": visitor.username, "password": visitor.password}
    assert (await visitor.submit(page, "/account/register", **fields)).status == codes.SEE_OTHER
    await UserRow.update({UserRow.email_verified_at: UserRow.created_at}, force=True)


async def continuation(visitor: Visitor, provider: str = "acme", **parameters: str) -> str:
    """Use the button of a provider, log in there, and return the address that leads back."""
    login = await visitor.get("/account/login", again="1", **parameters)
    (button,) = (link for link in login.reader.links if f"/providers/{provider}/start" in link)
    return await come_back(visitor, button, provider)


async def come_back(visitor: Visitor, start: str, provider: str = "acme") -> str:
    """Open the address that leads to a provider, log in there, and return the address that leads back."""
    away = await visitor.get(start)
    assert away.status == codes.SEE_OTHER, away.text
    (state,) = parse_qs(urlsplit(away.location).query)["state"]
    back = await visitor.get(f"/api/auth/providers/{provider}/callback", state=state, code="x")
    return back.location


async def log_in_by_provider(visitor: Visitor, provider: str = "acme", **parameters: str) -> Page:
    """Use the button of a provider, log in there, and return what follows on the pages."""
    return await visitor.get(await continuation(visitor, provider, **parameters))
