"""Manifest of applications."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.clients.authentication import ClientAuthentication
from auth_api.oauth.clients.client_administration import ClientAdministration
from auth_api.oauth.clients.commands import clients as commands
from auth_api.oauth.clients.controllers import ClientController
from auth_api.oauth.clients.errors import ClientNotFoundException
from auth_api.oauth.clients.events import ClientEvent
from auth_api.oauth.clients.rate_limits import ClientRateLimits
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.resources.command_group import in_oauth_group
from auth_api.oauth.resources.service import Resources
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the services to the core; the command line uses them also while the provider is off."""
    clients = Clients(core.roles)
    return Feature(
        controllers=(ClientController,) if settings.of(OAuthPolicy).enabled else (),
        dependencies={
            "clients": clients,
            "client_administration": ClientAdministration(
                database=core.database,
                audit=core.audit,
                roles=core.roles,
                clients=clients,
                resources=Resources(),
                issuer=settings.sessions.issuer,
                core_audience=settings.sessions.audience,
                is_production=settings.is_production,
            ),
            "client_authentication": ClientAuthentication(
                database=core.database, audit=core.audit, limits=ClientRateLimits(settings.throttling)
            ),
        },
    )


MANIFEST: Final = Manifest(
    tables=(OAuthClientRow,),
    errors=(ClientNotFoundException,),
    events=tuple(ClientEvent),
    tags={"Applications": "Applications to which users sign in, and the APIs that they call, for administrators."},
    paths=(
        "/api/admin/oauth/clients",
        "/api/admin/oauth/clients/{client_id}",
        "/api/admin/oauth/clients/{client_id}/secret",
        "/api/admin/oauth/resources",
        "/api/admin/oauth/resources/{resource_id}",
    ),
    commands=(in_oauth_group(commands),),
    build=build,
)
