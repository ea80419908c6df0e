"""Manifest of the page for the codes of devices."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from auth_api.web.device.controllers import DevicePageController
from auth_api.web.frame.routes import page_router


def build(_core: Core, settings: Settings) -> Feature:
    """Build the page if this server is an OAuth provider."""
    if not settings.of(OAuthPolicy).enabled:
        return Feature()
    return Feature(controllers=(page_router([DevicePageController]),))


MANIFEST: Final = Manifest(build=build)
