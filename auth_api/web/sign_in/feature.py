"""Manifest of the sign-in pages."""

from typing import Final

from litestar import Controller

from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.frame.routes import page_router
from auth_api.web.sign_in.confirm_controllers import ConfirmPageController
from auth_api.web.sign_in.enrolment_controllers import EnrolAppPageController, EnrolPasskeyPageController
from auth_api.web.sign_in.home_controllers import HomeController
from auth_api.web.sign_in.login_controllers import LoginPageController
from auth_api.web.sign_in.logout_controllers import LogoutPageController
from auth_api.web.sign_in.passkey_login_controllers import PasskeyLoginPageController
from auth_api.web.sign_in.register_controllers import RegisterPageController
from auth_api.web.sign_in.second_factor_controllers import SecondFactorPageController
from auth_api.web.sign_in.signed_in_controllers import SignedInPageController


def build(core: Core, settings: Settings) -> Feature:
    """Build the pages if this server has pages of its own, and those of factors that can be used here.

    In development, the start page for developers leads to them.
    """
    if not settings.pages.is_hosted:
        return Feature()
    pages: list[type[Controller]] = [
        LoginPageController,
        LogoutPageController,
        RegisterPageController,
        SecondFactorPageController,
        ConfirmPageController,
        SignedInPageController,
    ]
    if core.sealing is not None:
        pages.append(EnrolAppPageController)
    if core.passkeys.is_on:
        pages += (PasskeyLoginPageController, EnrolPasskeyPageController)
    home = (HomeController,) if settings.is_production else ()
    return Feature(controllers=(page_router(pages), *home), dependencies={"identities": core.identities})


MANIFEST: Final = Manifest(build=build)
