"""The clients of the OpenID suite: their requests need no PKCE, as most of its modules send none."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from litestar import Litestar

from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory, http_client
from tests.support.oauth_clients import register_client
from tests.support.relying_party import CALLBACK, LOGGED_OUT, RelyingParty
from tests.support.secret_recorder import SecretRecorder
from tests.support.visitor import Visitor

PartyFactory = Callable[..., Awaitable[RelyingParty]]


@pytest.fixture
async def new_party(
    app: Litestar, services: Services, client: httpx.AsyncClient, secret_recorder: SecretRecorder
) -> AsyncIterator[PartyFactory]:
    """A function that registers a client. All of them use the same browser."""
    async with http_client(app, secret_recorder) as http:

        async def register(**fields: object) -> RelyingParty:
            usual: dict[str, object] = {
                "name": "Suite",
                "redirect_uris": [CALLBACK],
                "post_logout_redirect_uris": [LOGGED_OUT],
                "scopes": ["openid", "profile", "email", "offline_access"],
                "require_pkce": False,
            }
            registered = await register_client(services, "web", **(usual | fields))
            return RelyingParty(Visitor(client), http, registered.client.client_id, str(registered.secret))

        yield register


@pytest.fixture
async def party(new_party: PartyFactory, user_factory: UserFactory) -> RelyingParty:
    """A client, and a person who has an account and is not logged in."""
    await user_factory(is_verified=True)
    await UserRow.update({UserRow.display_name: "Ada Lovelace"}, force=True)
    return await new_party()
