"""Manifest of the revocation feed."""

from datetime import timedelta
from typing import Final

from auth_api.flows.revocation_feed.controllers import RevocationFeedController
from auth_api.flows.revocation_feed.service import RevocationFeed
from auth_api.manifest import Core, Feature, Manifest
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the feed to the core."""
    feed = RevocationFeed(
        sessions=core.sessions,
        subjects=RevokedSubjects(),
        token_lifetime=settings.sessions.access_ttl,
        request_timeout=timedelta(seconds=settings.server.request_timeout),
    )
    return Feature(controllers=(RevocationFeedController,), dependencies={"revocation_feed": feed})


MANIFEST: Final = Manifest(
    tags={"Resource servers": "For services that accept the access tokens or API keys of this server."},
    paths=("/api/revocations",),
    build=build,
)
