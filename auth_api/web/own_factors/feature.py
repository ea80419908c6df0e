"""Manifest of the pages about second factors."""

from typing import Final

from litestar import Controller

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.routes import page_router
from auth_api.web.own_factors.app_controllers import AppPageController, AppRemovalPageController
from auth_api.web.own_factors.factor_pages import FactorPages
from auth_api.web.own_factors.overview_controllers import SecurityPageController
from auth_api.web.own_factors.passkey_controllers import PasskeyPageController, PasskeyRemovalPageController
from auth_api.web.own_factors.recovery_code_controllers import RecoveryCodesPageController


def build(core: Core, settings: Settings) -> Feature:
    """Build the pages if this server has pages of its own; those that add a factor only if it can be used here."""
    if not settings.pages.is_hosted:
        return Feature()
    controllers: list[type[Controller]] = [
        SecurityPageController,
        AppRemovalPageController,
        PasskeyRemovalPageController,
        RecoveryCodesPageController,
    ]
    if core.sealing is not None:
        controllers.append(AppPageController)
    if core.passkeys.is_on:
        controllers.append(PasskeyPageController)
    pages = FactorPages(second_factors=core.second_factors, freshness=core.freshness)
    return Feature(controllers=(page_router(controllers),), dependencies={"factor_pages": pages})


MANIFEST: Final = Manifest(build=build)
