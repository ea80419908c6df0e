"""Manifest of the page of the provider for development."""

from typing import Final

from auth_api.credentials.providers.dev import DevProvider
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.dev_provider.controllers import DevProviderController
from auth_api.web.frame.routes import page_router


def build(core: Core, settings: Settings) -> Feature:
    """Build the page if the provider is configured, which the settings refuse outside of development."""
    for provider in core.providers.all():
        if isinstance(provider, DevProvider) and not settings.is_production:
            return Feature(
                controllers=(page_router((DevProviderController,)),), dependencies={"dev_provider": provider}
            )
    return Feature()


MANIFEST: Final = Manifest(build=build)
