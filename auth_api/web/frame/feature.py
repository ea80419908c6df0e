"""Manifest of the frame of the pages."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.asset_controllers import AssetController
from auth_api.web.frame.page_assets import PageAssets


def build(_core: Core, settings: Settings) -> Feature:
    """Build what all pages share."""
    return Feature(controllers=(AssetController,), dependencies={"page_assets": PageAssets.of(settings.pages)})


MANIFEST: Final = Manifest(build=build)
