"""Manifest of linking."""

from typing import Final

from auth_api.flows.linking.controllers import OwnIdentitiesController
from auth_api.flows.linking.service import Linking
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect linking to the core."""
    linking = Linking(
        database=core.database,
        users=core.users,
        identities=core.identities,
        providers=core.providers,
        uses=core.identity_uses,
        removal=core.identity_removal,
        ways_in=core.ways_in,
        flows=core.sign_in_flows,
        tokens=core.tokens,
        freshness=core.freshness,
        outbox=core.outbox,
        public_url=settings.http.public_url,
    )
    return Feature(controllers=(OwnIdentitiesController,), dependencies={"linking": linking})


MANIFEST: Final = Manifest(
    paths=("/api/user/identities", "/api/user/identities/start", "/api/user/identities/{identity_id}"), build=build
)
