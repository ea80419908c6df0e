"""Manifest of authorization requests."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.authorize.decisions import Decisions
from auth_api.oauth.authorize.events import AuthorizationEvent
from auth_api.oauth.authorize.request_checks import RequestChecks
from auth_api.oauth.authorize.requirements import Requirements
from auth_api.oauth.authorize.service import Authorization
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.resources.service import Resources
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the services to the core if this server is a provider."""
    policy = settings.of(OAuthPolicy)
    if not policy.enabled:
        return Feature()
    clients = Clients(core.roles)
    requests = OAuthRequests(database=core.database, clock=core.clock)
    consents = Consents(
        database=core.database,
        users=core.users,
        audit=core.audit,
        outbox=core.outbox,
        requests=requests,
        grants=Grants(database=core.database, audit=core.audit, outbox=core.outbox),
        clock=core.clock,
    )
    requirements = Requirements(
        users=core.users, sessions=core.sessions, freshness=core.freshness, clients=clients, consents=consents
    )
    decisions = Decisions(
        database=core.database,
        users=core.users,
        sessions=core.sessions,
        audit=core.audit,
        clients=clients,
        consents=consents,
        requests=requests,
        requirements=requirements,
    )
    authorization = Authorization(
        database=core.database,
        users=core.users,
        sessions=core.sessions,
        audit=core.audit,
        checks=RequestChecks(clients=clients, resources=Resources(), keys=policy.keys),
        requirements=requirements,
        decisions=decisions,
        issuer=settings.sessions.issuer,
    )
    return Feature(dependencies={"authorization": authorization, "decisions": decisions})


MANIFEST: Final = Manifest(events=tuple(AuthorizationEvent), build=build)
