"""Manifest of introspection and revocation."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.introspection.controllers import TokenStatusController
from auth_api.oauth.introspection.service import TokenStatus
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.token.verification import AccessTokenVerification
from auth_api.settings import Settings
from auth_api.used_values.service import UsedValues


def build(core: Core, settings: Settings) -> Feature:
    """Connect the service to the core if this server is a provider."""
    policy = settings.of(OAuthPolicy)
    if not policy.enabled:
        return Feature()
    grants = Grants(database=core.database, audit=core.audit, outbox=core.outbox)
    verification = AccessTokenVerification(
        keys=policy.keys, grants=grants, clients=Clients(core.roles), used_values=UsedValues(), clock=core.clock
    )
    token_status = TokenStatus(
        keys=policy.keys, grants=grants, verification=verification, sessions=core.sessions, users=core.users
    )
    return Feature(controllers=(TokenStatusController,), dependencies={"token_status": token_status})


MANIFEST: Final = Manifest(build=build)
