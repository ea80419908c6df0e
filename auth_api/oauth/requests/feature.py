"""Manifest of requests of applications."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.requests.retention import RETENTION_RULES
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.settings import Settings


async def end_access(core: Core, access: EndedAccess) -> int:
    """Delete what the user has approved, if the event ends the access of applications."""
    if access.ends.delegated:
        await OAuthRequests(database=core.database, clock=core.clock).forget_approved(access.user_id)
    return 0


def build(core: Core, settings: Settings) -> Feature:
    """Build the service if this server is a provider."""
    if not settings.of(OAuthPolicy).enabled:
        return Feature()
    return Feature(dependencies={"oauth_requests": OAuthRequests(database=core.database, clock=core.clock)})


MANIFEST: Final = Manifest(
    tables=(OAuthRequestRow,),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.APPROVED_REQUESTS, tables=(OAuthRequestRow,), end=end_access),
    build=build,
)
