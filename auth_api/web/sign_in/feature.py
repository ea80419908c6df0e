"""Manifest of the sign-in pages."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.routes import page_router
from auth_api.web.sign_in.login_controllers import LoginPageController
from auth_api.web.sign_in.logout_controllers import LogoutPageController


def build(_core: Core, settings: Settings) -> Feature:
    """Build the pages if this server has pages of its own."""
    if not settings.pages.is_hosted:
        return Feature()
    return Feature(controllers=(page_router((LoginPageController, LogoutPageController)),))


MANIFEST: Final = Manifest(build=build)
