"""Manifest of resource servers."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.resources.command_group import in_oauth_group
from auth_api.oauth.resources.commands import resources as commands
from auth_api.oauth.resources.controllers import ResourceController
from auth_api.oauth.resources.errors import DuplicateResourceException, ResourceNotFoundException
from auth_api.oauth.resources.events import ResourceEvent
from auth_api.oauth.resources.resource_administration import ResourceAdministration
from auth_api.oauth.resources.resource_fields import OAUTH_NAME_CHECK, check_name
from auth_api.oauth.resources.service import Resources
from auth_api.oauth.resources.tables import OAuthResourceRow
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the services to the core; the command line uses them also while the provider is off."""
    resources = Resources()
    sessions = settings.sessions
    return Feature(
        controllers=(ResourceController,) if settings.of(OAuthPolicy).enabled else (),
        dependencies={
            "resources": resources,
            "resource_administration": ResourceAdministration(
                database=core.database,
                audit=core.audit,
                roles=core.roles,
                resources=resources,
                reserved=frozenset({sessions.audience, f"{sessions.issuer}/oauth2/userinfo"}),
            ),
        },
        field_checks={OAUTH_NAME_CHECK: check_name},
    )


MANIFEST: Final = Manifest(
    tables=(OAuthResourceRow,),
    errors=(ResourceNotFoundException, DuplicateResourceException),
    events=tuple(ResourceEvent),
    commands=(in_oauth_group(commands),),
    build=build,
)
