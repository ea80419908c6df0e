"""Adds applications, and what users allow them, without the pages."""

from typing import Any

from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.consents.service import Consents
from auth_api.services import Services
from tests.support.actors import Actor
from tests.support.oauth_rows import add_client_row


async def client_of(services: Services, client_id: str = "app_00000000000000000000", **changes: Any) -> OAuthClient:
    """Add an application and return it."""
    await add_client_row(client_id, **changes)
    found = await services.of(Clients).find(client_id)
    assert found is not None
    return found


async def allow(services: Services, user: Actor, client: OAuthClient, *scopes: str, offline: bool = False) -> None:
    """Store a decision as the consent page does."""
    user_id = (await services.core.users.find(user.username)).id
    await services.core.database.transaction(
        lambda: services.of(Consents).grant(user_id, client, scopes, offline=offline, request_context=RequestContext())
    )
