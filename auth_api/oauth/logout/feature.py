"""Manifest of log-outs that applications ask for."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.logout.service import ClientLogouts
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Build the service, also while the provider is off: the log-out page uses it."""
    logouts = ClientLogouts(
        clients=Clients(core.roles),
        keys=settings.of(OAuthPolicy).keys,
        requests=OAuthRequests(database=core.database, clock=core.clock),
        users=core.users,
    )
    return Feature(dependencies={"client_logouts": logouts})


MANIFEST: Final = Manifest(build=build)
