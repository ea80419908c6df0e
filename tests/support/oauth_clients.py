"""Applications and resources of a test, registered as by an operator."""

from typing import Any

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.kit.http.json import decode
from auth_api.oauth.clients.client_administration import ClientAdministration, RegisteredClient
from auth_api.oauth.clients.client_fields import NewClient
from auth_api.oauth.resources.resource import OAuthResource
from auth_api.oauth.resources.resource_administration import ResourceAdministration
from auth_api.oauth.resources.resource_fields import OAUTH_NAME_CHECK, NewResource, check_name
from auth_api.roles.rights import OPERATOR
from auth_api.services import Services

CALLBACK = "https://wiki.example.com/callback"

CHECKS = {OAUTH_NAME_CHECK: check_name}


async def register_client(services: Services, kind: str = "web", **fields: Any) -> RegisteredClient:
    """Register an application; one that browsers return to has `CALLBACK`, unless another URI is given."""
    if kind in {"web", "spa", "native"}:
        fields = {"redirect_uris": [CALLBACK], **fields}
    new = decode({"name": "Wiki", "kind": kind, **fields}, NewClient, CHECKS)
    administration = services.of(ClientAdministration)
    return await administration.register(new, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)


async def add_resource(services: Services, identifier: str, *scopes: str, **fields: Any) -> OAuthResource:
    """Add a resource with these scopes."""
    described = [{"name": scope, "description": f"Use {scope}."} for scope in scopes]
    new = decode({"identifier": identifier, "name": "Orders", "scopes": described, **fields}, NewResource, CHECKS)
    administration = services.of(ResourceAdministration)
    return await administration.create(new, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)
