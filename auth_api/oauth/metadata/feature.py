"""Manifest of the metadata and the public keys."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.metadata.controllers import KeyController, MetadataController
from auth_api.oauth.metadata.document import metadata_of
from auth_api.sessions.schemas import public_keys_view
from auth_api.settings import Settings


def build(_: Core, settings: Settings) -> Feature:
    """Publish the keys of sessions, and if the provider is on, its metadata and keys."""
    keys, policy = settings.sessions.keys.public_jwks(), settings.of(OAuthPolicy)
    if not policy.enabled:
        return Feature(controllers=(KeyController,), dependencies={"published_keys": public_keys_view(keys)})
    return Feature(
        controllers=(KeyController, MetadataController),
        dependencies={
            "published_keys": public_keys_view([*keys, *policy.keys.public_jwks()]),
            "provider_metadata": metadata_of(policy.keys.issuer, settings.pages.languages),
        },
    )


MANIFEST: Final = Manifest(build=build)
